// Node's own test runner, named here because no Debian package types it for TypeScript 4.8 without all of Node.
declare const require: (name: string) => any;

const nodeTest = require("node:test");
const nodeAssert = require("node:assert");

export const test: (sentence: string, body: () => void | Promise<void>) => void = nodeTest.test;
export const equal: (found: unknown, wanted: unknown) => void = nodeAssert.deepStrictEqual;
export const isTrue: (found: boolean) => void = nodeAssert.ok;
