// Asks the real jsonwebtoken and jose, at an instant that is given: one JSON question a line, one JSON answer a line.
//
// Their clock stands still: `Date` is a class whose now is the instant of the question. Everything else is their own code.
const { createRequire } = require('module');
const path = require('path');
const readline = require('readline');
const { pathToFileURL } = require('url');

const KEY = 'a key of sufficient length for HS256';
const RealDate = Date;
let now = 0;

global.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : [now]));
  }
  static now() {
    return now;
  }
};

const installed = createRequire(path.join(process.argv[2], 'package.json'));
const jsonwebtoken = installed('jsonwebtoken');
// jose is an ECMAScript module, which older versions of Node.js only import, and wants Web Crypto, which they do not show.
globalThis.crypto ??= require('crypto').webcrypto;
const imported = import(pathToFileURL(path.join(process.argv[2], 'node_modules/jose', installed('jose/package.json').main)));

// A claim that is not there stays away: jsonwebtoken would add `iat`.
const signed = (claims) => jsonwebtoken.sign({ ...claims }, KEY, { algorithm: 'HS256', noTimestamp: true });

const checks = {
  'jsonwebtoken (Node.js)': async (token, options) => jsonwebtoken.verify(token, KEY, options),
  'jose (Node.js, Deno, edge)': async (token, options) => (await imported).jwtVerify(token, new TextEncoder().encode(KEY), options),
};
const refusals = new Set(['TokenExpiredError', 'NotBeforeError', 'ERR_JWT_EXPIRED', 'ERR_JWT_CLAIM_VALIDATION_FAILED']);

async function refused(question) {
  now = question.now / 1e6;
  const options = question.leeway === null ? {} : { clockTolerance: question.leeway };
  try {
    await checks[question.library](signed(question.claims), options);
    return false;
  } catch (problem) {
    if (refusals.has(problem.code) || refusals.has(problem.name)) return true;
    throw problem;
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await refused(JSON.parse(line))) + '\n');
  }
})();
