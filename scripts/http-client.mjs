/**
 * A browser as far as HTTP goes: it keeps cookies, and nothing else.
 * @typedef {{ status: number, headers: Headers, text: string, json: Record<string, any> }} Answer
 */
export class Client {
  /** @type {Map<string, string>} */
  cookies = new Map()

  /**
   * @param {string} origin
   * @param {string} authPath where the app has next-auth
   * @param {{ origin: string, headers: Record<string, string> } | null} proxy
   *   in front of the app: the origin that visitors know it by, and the headers that the proxy adds
   */
  constructor(origin, authPath = "/api/auth", proxy = null) {
    this.origin = origin
    this.authPath = authPath
    this.proxy = proxy
  }

  /** The app's origin as a browser knows it. */
  get publicOrigin() {
    return this.proxy?.origin ?? this.origin
  }

  /** A second browser with the same cookies: what a thief of them has. */
  clone() {
    const copy = new Client(this.origin, this.authPath, this.proxy)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @returns {Promise<Answer>}
   */
  async request(path, init = {}) {
    const headers = new Headers({ ...this.proxy?.headers, ...Object.fromEntries(new Headers(init.headers)) })
    if (this.cookies.size > 0) headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "))
    const asked = new URL(path, this.publicOrigin)
    const url = asked.origin === this.publicOrigin ? new URL(asked.pathname + asked.search, this.origin) : asked
    const response = await fetch(url, { ...init, headers, redirect: "manual" })
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie)
    if (isSlashAdded(url, response)) return this.request(`${url.pathname}/${url.search}`, init)
    const text = await response.text()
    let json = {}
    try {
      json = JSON.parse(text)
    } catch {
      // not JSON
    }
    return { status: response.status, headers: response.headers, text, json }
  }

  /** @param {string} cookie */
  #keep(cookie) {
    const [pair = "", ...attributes] = cookie.split(";")
    const name = pair.slice(0, pair.indexOf("="))
    const value = pair.slice(pair.indexOf("=") + 1)
    const gone = value === "" || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
    if (gone) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} headers
   */
  get(path, headers = {}) {
    return this.request(path, { headers })
  }

  /**
   * @param {string} path
   * @param {unknown} body sent as it is when it is a string, else as JSON
   * @param {Record<string, string>} headers
   */
  post(path, body = {}, headers = {}) {
    const text = typeof body === "string" ? body : JSON.stringify(body)
    return this.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.publicOrigin, ...headers },
      body: text,
    })
  }

  /**
   * The first factor, as next-auth's own client sends it.
   * @param {string} email
   * @param {string} password
   * @param {Record<string, string>} extra
   */
  async signIn(email, password, extra = {}) {
    const { json } = await this.get(`${this.authPath}/csrf`)
    const body = new URLSearchParams({ csrfToken: json.csrfToken, email, password, callbackUrl: "/dashboard", ...extra })
    return this.request(`${this.authPath}/callback/credentials`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body,
    })
  }

  /** @param {unknown} code */
  verify(code, isBackupCode = false) {
    return this.post(`${this.authPath}/mfa-verify`, { code, isBackupCode })
  }

  /** Who the app says is signed in; null when nobody is. */
  async session() {
    const { json } = await this.get(`${this.authPath}/session`)
    return json?.user ? json : null
  }

  get sessionCookie() {
    return [...this.cookies].find(([name]) => /^(__Secure-)?(authjs|next-auth)\.session-token/.test(name))?.[1]
  }
}

/**
 * With `trailingSlash`, Next.js sends every path without one to the same path with one; browsers follow.
 * @param {URL} url
 * @param {Response} response
 */
function isSlashAdded(url, response) {
  const location = response.headers.get("location")
  return response.status === 308 && location !== null && new URL(location, url).pathname === `${url.pathname}/`
}
