// json-server 1.0.0-beta.15 as published, started as its command line starts it.

const { databaseOf } = require('../database.js');

process.argv.push(databaseOf('v1'), '--host', '127.0.0.1', '--port', process.env.PORT ?? '3000');
import('json-server-1/lib/bin.js');
