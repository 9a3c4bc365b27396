// json-server 0.17.4 as published, started as its command line starts it.

const { databaseOf } = require('../database.js');

process.argv.push(databaseOf('v0'), '--host', '127.0.0.1', '--port', process.env.PORT ?? '3000', '--quiet');
require('json-server-0/lib/cli/bin.js');
