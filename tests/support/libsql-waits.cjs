/**
 * Loaded into an app under test: its SQLite driver waits for a lock, as Prisma's own engine and other drivers do. The
 * one of the fixtures fails at once instead, and then goes on reading what was there at that moment and keeps what it
 * writes locked (tursodatabase/libsql-client-ts#352). The tests write to the same file from a second process, at
 * instants that no app would meet.
 */
const Database = require(require.resolve("libsql", { paths: [process.cwd()] }))

const waiting = new WeakSet()
const { prepare } = Database.prototype
Database.prototype.prepare = function (...args) {
  if (!waiting.has(this)) {
    waiting.add(this)
    prepare.call(this, "PRAGMA busy_timeout = 5000").all()
  }
  return prepare.apply(this, args)
}
