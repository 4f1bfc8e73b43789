// Answers the two calls that forge and build.py make of a native solc: `--version` and `--standard-json`.
// It needs no network: the npm package `solc` carries the compiler, and imports are read from the folders below.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const solc = require('solc');

const root = path.resolve(__dirname, '..', '..');

function readImport(name) {
  // Only needed by callers that do not inline every source; nothing outside the repository is ever read.
  const file = name.startsWith('@openzeppelin/') ? path.join(root, 'node_modules', name) : path.join(root, 'contracts', name);
  if (!path.resolve(file).startsWith(root + path.sep)) return { error: `${name} lies outside the repository` };
  try {
    return { contents: fs.readFileSync(file, 'utf8') };
  } catch (error) {
    return { error: `cannot read ${name}: ${error.code}` };
  }
}

const args = process.argv.slice(2);
if (args.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (args.includes('--standard-json')) {
  const input = fs.readFileSync(0, 'utf8');
  const output = solc.compile(input, { import: readImport });
  fs.writeSync(1, output);
} else {
  process.stderr.write('solc.cjs answers --version and --standard-json only\n');
  process.exitCode = 2;
}
