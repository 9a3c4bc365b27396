// Gives each version a copy of db.json of its own, so that the two never write one file.

const { copyFileSync, existsSync, mkdirSync } = require('node:fs');
const { join } = require('node:path');

exports.databaseOf = function databaseOf(version) {
  const folder = join(__dirname, '.cache');
  const file = join(folder, `${version}.json`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) copyFileSync(join(__dirname, 'db.json'), file);
  return file;
};
