import { createRequire } from "node:module"
import { join } from "node:path"
import { hashSync } from "bcryptjs"
import { builtApp, freePort, startApp } from "../../scripts/apps.mjs"
import { Client } from "../../scripts/http-client.mjs"
import { type IdentityProvider, startIdentityProvider } from "./identity-provider"
import { type MailServer, startMailServer } from "./mail-server"
import { oathCode } from "./otp"
import { createDatabase, type Kind, type Sql, waitsForLocks } from "./sql"

export type Way = "credentials" | "oauth" | "mail"
export type Fixture = {
  name: string
  major: 4 | 5
  sessions: "jwt" | "database"
  database: Kind
  /** The ways to sign in; the first is the one that tests use where it does not matter. */
  ways: [Way, ...Way[]]
  idType: "string" | "int"
  challenge: string
  /** Places that read the session, each in a way of its own; all answer `{ user }` or a redirect. */
  readers: string[]
  /** next-auth's id of the mail provider. */
  mailProvider?: string
  /** Where next-auth is, when not at /api/auth. */
  authPath?: string
  /**
   * What an OAuth account is linked to: a user of its address at once, one who links it while signed in,
   * or nobody, as there is no adapter and the app finds its people in its own callbacks.
   */
  linking?: "by-address" | "when-signed-in" | "no-adapter"
  /** The app's middleware sends whoever is not signed in away from its API too. */
  guardsApi?: boolean
  /** Visitors come over TLS through a proxy, which no environment variable names. */
  isBehindProxy?: boolean
  /** What the app chose for its session cookie; next-auth's own is Lax. */
  sameSite?: "None"
  /** The app says nothing about what next-auth tells it. */
  isSilent?: boolean
}

/** Every shape of host that the runtime is made for. */
export const fixtures: Fixture[] = [
  {
    name: "next16-credentials",
    major: 5,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/dashboard"],
  },
  {
    name: "next16-credentials/cached",
    major: 5,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/dashboard"],
    guardsApi: true,
    isSilent: true,
  },
  {
    name: "next16-credentials/strict",
    major: 5,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/dashboard"],
    guardsApi: true,
    isBehindProxy: true,
    sameSite: "None",
    isSilent: true,
  },
  {
    name: "next16-split-postgres",
    major: 5,
    sessions: "jwt",
    database: "postgresql",
    ways: ["credentials", "oauth", "mail"],
    idType: "string",
    challenge: "/signin/mfa",
    readers: ["/api/me", "/api/token", "/dashboard"],
    mailProvider: "nodemailer",
    linking: "by-address",
  },
  {
    name: "next16-split-postgres/provider-ids",
    major: 5,
    sessions: "jwt",
    database: "postgresql",
    ways: ["oauth"],
    idType: "string",
    challenge: "/signin/mfa",
    readers: ["/api/me", "/api/token", "/dashboard"],
    linking: "no-adapter",
  },
  {
    name: "next14-split-early",
    major: 5,
    sessions: "jwt",
    database: "postgresql",
    ways: ["credentials", "oauth", "mail"],
    idType: "string",
    challenge: "/signin/mfa",
    readers: ["/api/me", "/dashboard"],
    mailProvider: "email",
    linking: "by-address",
  },
  {
    name: "next15-t3-database",
    major: 5,
    sessions: "database",
    database: "postgresql",
    ways: ["oauth", "mail"],
    idType: "string",
    challenge: "/login/mfa",
    readers: [],
    mailProvider: "nodemailer",
    linking: "when-signed-in",
  },
  {
    name: "next15-v4-jwt",
    major: 4,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials"],
    idType: "int",
    challenge: "/login/mfa",
    readers: ["/api/me", "/api/token", "/dashboard"],
  },
  {
    name: "next15-v4-jwt/provider-ids",
    major: 4,
    sessions: "jwt",
    database: "sqlite",
    ways: ["oauth"],
    idType: "int",
    challenge: "/login/mfa",
    readers: ["/api/me", "/api/token", "/dashboard"],
    linking: "no-adapter",
    guardsApi: true,
  },
  {
    name: "next14-v4-mariadb",
    major: 4,
    sessions: "database",
    database: "mariadb",
    ways: ["oauth", "mail"],
    idType: "string",
    challenge: "/login/mfa",
    readers: [],
    mailProvider: "email",
    linking: "when-signed-in",
  },
  {
    name: "next14-v4-pages",
    major: 4,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials", "oauth"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/api/me", "/api/token", "/dashboard"],
    linking: "when-signed-in",
  },
  {
    name: "next14-v4-pages/advanced",
    major: 4,
    sessions: "database",
    database: "sqlite",
    ways: ["oauth"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/api/me"],
    linking: "when-signed-in",
  },
  {
    name: "next15-v4-javascript",
    major: 4,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/api/me", "/api/token", "/dashboard"],
  },
]

/** The fixtures of these names, in the order of the list above. */
export const fixturesNamed = (...names: string[]): [string, Fixture][] =>
  fixtures.filter(({ name }) => names.includes(name)).map((fixture) => [fixture.name, fixture])

/** Every fixture with what it tells of itself: the demo's code stays as it is, and a variant of it records. */
export const recordedFixtures: Fixture[] = fixtures
  .filter(({ isSilent }) => !isSilent)
  .map((fixture) => (fixture.name === "next16-credentials" ? { ...fixture, name: `${fixture.name}/recorded` } : fixture))

/** Apps that create the database session of a password in their own callbacks, under another path and cookie name. */
export const ownSessions: Fixture[] = [
  {
    name: "next16-split-postgres/own-sessions",
    major: 5,
    sessions: "database",
    database: "postgresql",
    ways: ["credentials", "oauth"],
    idType: "string",
    challenge: "/signin/mfa",
    readers: ["/api/me"],
    authPath: "/account/auth",
    linking: "when-signed-in",
  },
  {
    name: "next14-v4-pages/own-sessions",
    major: 4,
    sessions: "database",
    database: "sqlite",
    ways: ["credentials"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/api/me", "/dashboard"],
    authPath: "/api/v1/auth",
  },
]

/** Ways of real apps to say who somebody is, one at a time (`WAY`): see their auth configs. */
export const ownWays: Fixture[] = [
  {
    name: "next16-split-postgres/own-ways",
    major: 5,
    sessions: "jwt",
    database: "postgresql",
    ways: ["credentials", "oauth", "mail"],
    idType: "string",
    challenge: "/signin/mfa",
    readers: ["/api/me"],
    mailProvider: "nodemailer",
    linking: "by-address",
  },
  {
    name: "next14-v4-pages/own-ways",
    major: 4,
    sessions: "jwt",
    database: "sqlite",
    ways: ["credentials", "oauth"],
    idType: "string",
    challenge: "/login/mfa",
    readers: ["/api/me"],
    linking: "by-address",
  },
]

export const passkeyFixture: Fixture = {
  name: "next16-split-postgres/passkey",
  major: 5,
  sessions: "jwt",
  database: "postgresql",
  ways: ["credentials"],
  idType: "string",
  challenge: "/signin/mfa",
  readers: ["/api/me"],
}

export const secret = "a-secret-for-these-tests-only-0123456789"
export const password = "correct horse battery"
const passwordHash = hashSync(password, 4)
export const newName = () => Math.random().toString(36).slice(2, 10)
const proxy = { origin: "https://app.example", headers: { "x-forwarded-host": "app.example", "x-forwarded-proto": "https" } }

/** `name` is the account's name at the identity provider; with a `subject`, that is its id there, and `email` its address. */
export type User = { id: string; email: string; name: string; subject?: string }
export type Enrolled = User & { secret: string; backupCodes: string[]; enrolCode: string; client: Client }

/** One fixture with MFA, running on a database of its own, with the provider and the mail server it needs. */
export class TestApp {
  readonly others: Awaited<ReturnType<typeof startApp>>[] = []

  private constructor(
    readonly fixture: Fixture,
    readonly dir: string,
    readonly sql: Sql,
    private readonly main: Awaited<ReturnType<typeof startApp>>,
    private readonly env: Record<string, string>,
    readonly idp: IdentityProvider | null,
    readonly mail: MailServer | null,
  ) {}

  static async start(fixture: Fixture, env: Record<string, string> = {}): Promise<TestApp> {
    // The mutation check puts an app with one defence taken out here.
    const dir = process.env[`CHIMERAI_TEST_APP_${fixture.name.replace(/\W/g, "_")}`] ?? builtApp(fixture.name)
    const sql = await createDatabase(fixture.database, dir)
    const port = await freePort()
    const idp = fixture.ways.includes("oauth")
      ? await startIdentityProvider(await freePort(), `http://localhost:${port}${fixture.authPath ?? "/api/auth"}/callback/idp`)
      : null
    const mail = fixture.mailProvider ? await startMailServer(await freePort()) : null
    const all = {
      DATABASE_URL: sql.url,
      ...(fixture.database === "sqlite" && waitsForLocks),
      AUTH_SECRET: secret,
      NEXTAUTH_SECRET: secret,
      ...(idp && { AUTH_IDP_ISSUER: idp.issuer, AUTH_IDP_ID: idp.clientId }),
      ...(mail && { EMAIL_SERVER: mail.url }),
      ...env,
    }
    const url = `http://localhost:${port}${fixture.authPath ?? ""}`
    const main = await startApp(dir, {
      port,
      env: { ...all, ...(fixture.major === 4 && { NEXTAUTH_URL: url }) },
      ...(fixture.authPath && { authPath: fixture.authPath }),
    })
    return new TestApp(fixture, dir, sql, main, all, idp, mail)
  }

  get url(): string {
    return this.main.url
  }

  get output(): string {
    return [this.main, ...this.others].map(({ output }) => output.join("")).join("")
  }

  /** Another process of the same app on the same database; a client of the first one's origin can be sent to it. */
  async instance(env: Record<string, string> = {}): Promise<string> {
    const port = await freePort()
    const own = this.fixture.major === 4 ? { NEXTAUTH_URL: this.url } : {}
    const app = await startApp(this.dir, { port, env: { ...this.env, ...own, ...env } })
    this.others.push(app)
    return app.url
  }

  async stop(): Promise<void> {
    await Promise.all([this.main, ...this.others].map((app) => app.stop()))
    await Promise.all([this.idp?.stop(), this.mail?.stop()])
    await this.sql.drop()
  }

  client(): Client {
    return new Client(this.url, this.fixture.authPath, this.fixture.isBehindProxy ? proxy : null)
  }

  /** The app's origin as browsers know it. */
  get origin(): string {
    return this.client().publicOrigin
  }

  /** A user as the app's own sign-up makes one; without passwords, one who has signed in once. */
  async createUser(name = newName()): Promise<User> {
    const email = `${name}@example.com`
    if (this.fixture.ways[0] === "credentials") {
      const columns = this.fixture.idType === "int" ? { email, name, passwordHash } : { id: `user-${name}`, email, name, passwordHash }
      const names = Object.keys(columns)
      await this.sql.rows(
        `INSERT INTO "User" (${names.map((column) => `"${column}"`).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
        ...Object.values(columns),
      )
    } else await this.firstFactor(this.client(), { email, name })
    const [row] = await this.sql.rows('SELECT "id" FROM "User" WHERE "email" = ?', email)
    return { id: row?.id, email, name }
  }

  /** The first factor, over HTTP as a browser sends it. @returns the answer that would sign in without MFA */
  async firstFactor(
    client: Client,
    user: Pick<User, "email" | "name" | "subject">,
    options: { way?: Way; callbackUrl?: string; extra?: Record<string, string> } = {},
  ) {
    const { way = this.fixture.ways[0], callbackUrl = "/dashboard", extra = {} } = options
    if (way === "credentials") return client.signIn(user.email, password, { callbackUrl, ...extra })
    return way === "oauth" ? this.#throughProvider(client, user, callbackUrl) : this.#throughMail(client, user.email, callbackUrl)
  }

  async #post(client: Client, path: string, fields: Record<string, string>) {
    const { json } = await client.get(`${client.authPath}/csrf`)
    return client.request(path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrfToken: json.csrfToken, ...fields }),
    })
  }

  async #throughProvider(client: Client, user: Pick<User, "email" | "name" | "subject">, callbackUrl: string) {
    const { idp } = this
    if (!idp) throw new Error("no provider here")
    if (user.subject) idp.signInAs(user.subject, user.email)
    else idp.signInAs(user.name)
    const start = await this.#post(client, `${client.authPath}/signin/idp`, { callbackUrl })
    let location = start.headers.get("location") ?? ""
    if (!location.startsWith(idp.issuer)) throw new Error(`${location}\n${this.output}`)
    const provider = new Client(idp.issuer)
    while (location.startsWith(idp.issuer))
      location = new URL((await provider.get(location)).headers.get("location") ?? "", idp.issuer).href
    return client.get(location)
  }

  /** Asks for a magic link. @returns its URL */
  async askForLink(client: Client, address: string, callbackUrl = "/dashboard"): Promise<string> {
    await this.#post(client, `/api/auth/signin/${this.fixture.mailProvider}`, { email: address, callbackUrl })
    const text = (await this.mail?.waitFor(address)) ?? ""
    return (/http:\/\/localhost:\d+\/api\/auth\/callback\/\w+\?[^\s"<]+/.exec(text)?.[0] ?? "").replaceAll("&amp;", "&")
  }

  async #throughMail(client: Client, address: string, callbackUrl: string) {
    return client.get(await this.askForLink(client, address, callbackUrl))
  }

  async signedIn(user: User, way?: Way): Promise<Client> {
    const client = this.client()
    const answer = await this.firstFactor(client, user, way ? { way } : {})
    if (!(await client.session()))
      throw new Error(`${user.email} could not sign in: ${answer.status} ${answer.headers.get("location")}\n${this.output}`)
    return client
  }

  /** A user with MFA. `client` is signed in. */
  async enrolled(name = newName()): Promise<Enrolled> {
    const user = await this.createUser(name)
    return this.enrol(user, await this.signedIn(user))
  }

  /** Turns MFA on over HTTP with the code of the step before the current one: that and the next are free for the test. */
  async enrol(user: User, client: Client): Promise<Enrolled> {
    const setup = await client.post("/api/mfa/setup")
    if (setup.status !== 200) throw new Error(`setup: ${setup.status} ${setup.text}\n${this.output}`)
    const enrolCode = oathCode(setup.json.secret, -1)
    const verify = await client.post("/api/mfa/verify", { code: enrolCode })
    if (verify.status !== 200) throw new Error(`verify: ${verify.status} ${verify.text}\n${this.output}`)
    return { ...user, secret: setup.json.secret, backupCodes: verify.json.backupCodes, enrolCode, client }
  }

  /** A browser that has passed the first factor of a user with MFA. */
  async held(user: User, way?: Way): Promise<Client> {
    const client = this.client()
    await this.firstFactor(client, user, way ? { way } : {})
    return client
  }

  async count(sql: string, ...values: unknown[]): Promise<number> {
    const [row] = await this.sql.rows(sql, ...values)
    return Number(Object.values(row ?? {})[0])
  }

  get sessionCookieName(): string {
    const name = this.fixture.major === 4 ? "next-auth.session-token" : "authjs.session-token"
    return this.fixture.isBehindProxy ? `__Secure-${name}` : name
  }

  /** What the app's own callbacks put into a token of this user. */
  claims(user: User): Record<string, unknown> {
    const sub = this.fixture.linking === "no-adapter" ? (user.subject ?? user.name) : String(user.id)
    return { sub, id: user.id, userId: user.id, email: user.email }
  }

  /** A session cookie of the app's own making, for JWT sessions. */
  async forge(claims: object): Promise<{ name: string; value: string }> {
    const name = this.sessionCookieName
    return { name, value: await (await this.#jwt()).encode({ token: claims, secret, salt: this.fixture.major === 4 ? "" : name }) }
  }

  /** Makes the browser's session one whose sign-in was this long ago, whatever else its token says. */
  async age(client: Client, seconds: number): Promise<void> {
    if (this.fixture.sessions === "database") {
      const [name = "", token = ""] = [...client.cookies].find(([key]) => key.includes("session-token")) ?? []
      const old = token.replace(/\.[0-9a-z]{8,9}(\.2b?)?$/, `.${(Date.now() - seconds * 1000).toString(36)}$1`)
      await this.sql.rows('UPDATE "Session" SET "sessionToken" = ? WHERE "sessionToken" = ?', old, token)
      client.cookies.set(name, old)
      return
    }
    await this.rewrite(client, (claims) => {
      for (const [name, value] of Object.entries(claims))
        if (/^mfa\w*At$/.test(name) && typeof value === "number") claims[name] = value - seconds * (value > 1e11 ? 1000 : 1)
      return claims
    })
  }

  /** Changes what the browser's JWT says: the app's key is known here. */
  async rewrite(client: Client, change: (claims: Record<string, unknown>) => object): Promise<void> {
    const name = this.sessionCookieName
    const salt = this.fixture.major === 4 ? "" : name
    const claims = await (await this.#jwt()).decode({ token: client.cookies.get(name), secret, salt })
    const { value } = await this.forge(change(claims))
    client.cookies.set(name, value)
  }

  async #jwt() {
    const { resolve } = createRequire(join(this.dir, "package.json"))
    // The first betas of Auth.js 5 leave it to the package below them, whose exports are for imports alone.
    const early = join(this.dir, "node_modules/next-auth/node_modules/@auth/core/jwt.js")
    return import(this.fixture.name === "next14-split-early" ? early : resolve("next-auth/jwt"))
  }
}
