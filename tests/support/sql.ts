import { copyFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { type Client, createClient } from "@libsql/client"
import { createConnection } from "mariadb"
import pg from "pg"
import { builtApp, copyTextFile, run } from "../../scripts/apps.mjs"
import { cache, root } from "./paths"

/** The database of an app under test. Names in SQL are in double quotes, values are `?`. */
export type Sql = {
  url: string
  rows(sql: string, ...values: unknown[]): Promise<Record<string, any>[]>
  drop(): Promise<void>
}
export type Kind = "sqlite" | "postgresql" | "mariadb"

const unique = () => `chimerai_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
const servers = { postgresql: "postgresql://postgres@127.0.0.1:5432", mariadb: "mysql://root@127.0.0.1:3306" }

/** An empty database with the tables of the app in `dir`. */
export function createDatabase(kind: Kind, dir: string): Promise<Sql> {
  return { sqlite, postgresql, mariadb }[kind](dir)
}

/** Whether a server of this kind is there, with trust login. */
export async function isReachable(kind: Kind): Promise<boolean> {
  if (kind === "sqlite") return true
  try {
    if (kind === "mariadb") await (await createConnection({ host: "127.0.0.1", user: "root", connectTimeout: 2000 })).end()
    else {
      const client = new pg.Client({ connectionString: `${servers.postgresql}/postgres`, connectionTimeoutMillis: 2000 })
      await client.connect()
      await client.end()
    }
    return true
  } catch {
    return false
  }
}

/**
 * A database file in use by an app. One connection, as what a PRAGMA says is said to one; and with no wait for the disk,
 * so that the app finds it locked for no longer than a statement takes.
 */
export async function openSqlite(file: string): Promise<Client> {
  const client = createClient({ url: `file:${file}`, concurrency: 1 })
  // DESIGN.md: with the default journal two processes get in each other's way.
  for (const pragma of ["journal_mode = WAL", "busy_timeout = 5000", "synchronous = OFF", "foreign_keys = ON"])
    await client.execute(`PRAGMA ${pragma}`)
  return client
}

/** For an app on such a file: what makes its driver wait for a lock. */
export const waitsForLocks = { NODE_OPTIONS: `--require "${root}tests/support/libsql-waits.cjs"` }

async function sqlite(dir: string): Promise<Sql> {
  const file = join(cache, `${unique()}.db`)
  copyFileSync(join(dir, "prisma/dev.db"), file)
  const client = await openSqlite(file)
  return {
    url: `file:${file}`,
    rows: async (sql, ...values) => (await client.execute({ sql, args: values as string[] })).rows,
    async drop() {
      client.close()
      for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true })
    },
  }
}

async function postgresql(dir: string): Promise<Sql> {
  const name = unique()
  const admin = new pg.Client({ connectionString: `${servers.postgresql}/postgres` })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const url = `${servers.postgresql}/${name}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(tablesOf(dir))
  return {
    url,
    rows: async (sql, ...values) => {
      let index = 0
      return (
        await client.query(
          sql.replace(/\?/g, () => `$${++index}`),
          values,
        )
      ).rows
    },
    async drop() {
      await client.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}

async function mariadb(dir: string): Promise<Sql> {
  const name = unique()
  const client = await createConnection({
    host: "127.0.0.1",
    user: "root",
    multipleStatements: true,
    bigIntAsNumber: true,
    insertIdAsNumber: true,
  })
  await client.query(`CREATE DATABASE ${name}; USE ${name}; SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')`)
  await client.query(mariadbTablesOf(dir))
  return {
    url: `${servers.mariadb}/${name}`,
    rows: async (sql, ...values) => {
      const result = await client.query(sql, values)
      return Array.isArray(result) ? [...result] : []
    },
    async drop() {
      await client.query(`DROP DATABASE ${name}`)
      await client.end()
    },
  }
}

/** The tables of a PostgreSQL schema, as Prisma writes them. */
const tablesOf = (dir: string, schema = "prisma/schema.prisma") =>
  run("npx", ["prisma", "migrate", "diff", "--from-empty", "--to-schema-datamodel", schema, "--script"], { cwd: dir })

/**
 * Prisma's engine for MariaDB cannot be had here, so its tables come from the one for PostgreSQL, in MariaDB's types.
 * Only the tests' tables: what the app does with them goes through Prisma's real client and driver.
 */
function mariadbTablesOf(dir: string): string {
  const target = builtApp("next15-t3-database")
  const schema = copyTextFile(join(dir, "prisma/schema.prisma"), join(target, `${unique()}.prisma`), (text) =>
    text.replace('"mysql"', '"postgresql"').replace(/ @db\.\w+/g, ""),
  )
  const sql = tablesOf(target, schema)
  rmSync(schema)
  const long = /^"(?:held|userAgent|mfaSecret|pendingSecret|\w+_token)" /
  return sql
    .split("\n")
    .map((line) =>
      line
        .replace(/^(\s*)("\w+") TEXT/, (_, indent, column) => `${indent}${column} ${long.test(`${column} `) ? "LONGTEXT" : "VARCHAR(191)"}`)
        .replace(/TIMESTAMP\(3\)/, "DATETIME(3)")
        .replace("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP(3)"),
    )
    .filter((line) => !/^CREATE SCHEMA/.test(line))
    .join("\n")
}
