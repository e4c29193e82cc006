import pg from "pg"

const base = "postgresql://postgres@127.0.0.1:5432"

/** Whether a PostgreSQL with trust login is there; the rings that need one skip without it, and say so. */
export async function hasPostgres(): Promise<boolean> {
  const client = new pg.Client({ connectionString: `${base}/postgres`, connectionTimeoutMillis: 2000 })
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  )
}

/** A database of its own, with the tables of `sql`. */
export async function createDatabase(sql: string): Promise<{ url: string; client: pg.Client; drop(): Promise<void> }> {
  const name = `chimerai_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
  const admin = new pg.Client({ connectionString: `${base}/postgres` })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const url = `${base}/${name}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  return {
    url,
    client,
    async drop() {
      await client.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}
