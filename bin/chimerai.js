#!/usr/bin/env node
// Old syntax on purpose: this file has to run, and say so, on a Node that is too old for the rest.
var version = process.versions.node.split(".").map(Number)
if (version[0] < 20 || (version[0] === 20 && version[1] < 9)) {
  console.error(`chimerai needs Node 20.9 or newer; this is ${process.versions.node}.`)
  process.exit(2)
}
import("../dist/cli.js")
