/** A browser as far as HTTP goes: it keeps cookies, and nothing else. */
export type Answer = { status: number; headers: Headers; text: string; json: Record<string, any> }

export class Client {
  readonly cookies = new Map<string, string>()
  constructor(readonly origin: string) {}

  /** A second browser with the same cookies: what a thief of them has. */
  clone(): Client {
    const copy = new Client(this.origin)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  async request(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers)
    if (this.cookies.size > 0) headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "))
    const response = await fetch(new URL(path, this.origin), { ...init, headers, redirect: "manual" })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split(";")
      const [name = "", value = ""] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]
      const gone = value === "" || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
      if (gone) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const text = await response.text()
    let json = {}
    try {
      json = JSON.parse(text)
    } catch {
      // not JSON
    }
    return { status: response.status, headers: response.headers, text, json }
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request(path, { headers })
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request(path, { method: "POST", headers: { "content-type": "application/json", origin: this.origin, ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) })
  }

  /** The first factor, as next-auth's own client sends it. */
  async signIn(email: string, password: string, extra: Record<string, string> = {}): Promise<Answer> {
    const { json } = await this.get("/api/auth/csrf")
    const body = new URLSearchParams({ csrfToken: json.csrfToken, email, password, callbackUrl: "/dashboard", ...extra })
    return this.request("/api/auth/callback/credentials", { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body })
  }

  verify(code: unknown, isBackupCode = false): Promise<Answer> {
    return this.post("/api/auth/mfa-verify", { code, isBackupCode })
  }

  /** Who the app says is signed in; null when nobody is. */
  async session(): Promise<Record<string, any> | null> {
    const { json } = await this.get("/api/auth/session")
    return json?.user ? json : null
  }

  get sessionCookie(): string | undefined {
    return [...this.cookies].find(([name]) => /^(__Secure-)?authjs\.session-token/.test(name))?.[1]
  }
}
