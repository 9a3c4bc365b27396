// Starts well the first time, and never again: the reload that breaks half way.
const fs = require('node:fs');
if (fs.existsSync(process.env.FLAG)) process.exit(9);
fs.writeFileSync(process.env.FLAG, '');
require('./hello.cjs');
