import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { builtApp } from "../../scripts/apps.mjs"
import { oathCode } from "../support/otp"

const app: string = builtApp("next16-credentials")
const load = (module: string) => import(join(app, "src/lib", module))

describe("totp.ts", () => {
  // RFC 6238, appendix B, SHA-1; the product has six digits, which are the last six of the eight.
  const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
  const vectors = [
    [59, "94287082"],
    [1111111109, "07081804"],
    [1111111111, "14050471"],
    [1234567890, "89005924"],
    [2000000000, "69279037"],
    [20000000000, "65353130"],
  ] as const

  test.each(vectors)("RFC 6238 at %d s: %s", async (seconds, code) => {
    const { matchStep } = await load("mfa/totp.ts")
    expect(matchStep(seed, code.slice(2), seconds * 1000)).toBe(Math.floor(seconds / 30))
    expect(matchStep(seed, code.slice(2), (seconds + 30) * 1000)).toBe(Math.floor(seconds / 30))
    expect(matchStep(seed, code.slice(2), (seconds + 60) * 1000)).toBeNull()
  })

  test("T24 every step of the window is computed, whatever the code", async () => {
    const { matchStep, createSecret } = await load("mfa/totp.ts")
    const secret = createSecret()
    // The very copy that the app uses.
    const { TOTP } = await import(join(app, "node_modules/otpauth/dist/otpauth.node.mjs"))
    for (const code of [-1, 0, 1].map((step) => oathCode(secret, step)).concat("000000")) {
      const generate = vi.spyOn(TOTP.prototype, "generate")
      matchStep(secret, code)
      expect(generate).toHaveBeenCalledTimes(3)
      generate.mockRestore()
    }
  })

  test("secrets have 160 bits and differ", async () => {
    const { createSecret } = await load("mfa/totp.ts")
    const secrets = Array.from({ length: 50 }, () => createSecret())
    expect(new Set(secrets).size).toBe(50)
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  })
})

describe("lib/mfa.ts, the face", () => {
  test("generateMfaSetup and verifyMfaCode agree with an independent tool", async () => {
    const { generateMfaSetup, verifyMfaCode } = await load("mfa.ts")
    const { secret, otpauthUrl, qrCodeDataUrl } = await generateMfaSetup("a:b@example.com", "My: App")
    expect(otpauthUrl).toBe(
      `otpauth://totp/My%20%20App:a%20b%40example.com?issuer=My%20%20App&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    )
    expect(qrCodeDataUrl.startsWith("data:image/png;base64,")).toBe(true)
    expect(verifyMfaCode(secret, oathCode(secret))).toBe(true)
    expect(verifyMfaCode(secret, oathCode(secret, 5))).toBe(false)
    expect(verifyMfaCode(secret, "")).toBe(false)
  })

  test("the issuer is MFA_APP_NAME, else the package's name", async () => {
    const { generateMfaSetup } = await load("mfa.ts")
    expect((await generateMfaSetup("a@example.com")).otpauthUrl).toContain("issuer=paperplane")
    vi.stubEnv("MFA_APP_NAME", "Other")
    expect((await generateMfaSetup("a@example.com")).otpauthUrl).toContain("issuer=Other")
    vi.unstubAllEnvs()
  })
})

describe("crypto.ts", () => {
  const key = () => randomBytes(32).toString("base64")
  const [first, second] = [key(), key()]
  let crypto: any
  beforeAll(async () => {
    crypto = await load("mfa/crypto.ts")
  })
  beforeEach(() => void vi.stubEnv("MFA_ENCRYPTION_KEY", first))
  afterEach(() => void vi.unstubAllEnvs())

  test("opens what it sealed, and never seals the same twice", () => {
    const [a, b] = [crypto.seal("secret", "totp:1"), crypto.seal("secret", "totp:1")]
    expect(a).not.toBe(b)
    expect(crypto.unseal(a, "totp:1").toString()).toBe("secret")
  })

  test("T37 another owner or purpose does not open it", () => {
    const sealed = crypto.seal("secret", "totp:1")
    for (const context of ["totp:2", "held:1", ""]) expect(() => crypto.unseal(sealed, context)).toThrow()
  })

  test("T38 no altered character opens", () => {
    const sealed: string = crypto.seal("secret", "totp:1")
    for (let at = 0; at < sealed.length; at++) {
      // The last character of a part may carry unused bits; what they decode to is then the same bytes.
      const altered = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1)
      const bytes = (text: string) =>
        text
          .split(".")
          .map((part) => Buffer.from(part, "base64url").toString("hex"))
          .join(".")
      if (bytes(altered) === bytes(sealed) && altered.startsWith("v1.")) continue
      expect(() => crypto.unseal(altered, "totp:1"), `character ${at}`).toThrow()
    }
  })

  test("T36 rotation: the first key seals, older ones open, a dropped one does not", () => {
    const old = crypto.seal("secret", "totp:1")
    const [oldHash] = crypto.keyedHashes("code", "backup-code")
    vi.stubEnv("MFA_ENCRYPTION_KEY", `new:${second},old:${first}`)
    expect(crypto.unseal(old, "totp:1").toString()).toBe("secret")
    expect(crypto.keyedHashes("code", "backup-code")).toContain(oldHash)
    const fresh = crypto.seal("secret", "totp:1")
    vi.stubEnv("MFA_ENCRYPTION_KEY", second)
    expect(crypto.unseal(fresh, "totp:1").toString()).toBe("secret")
    expect(() => crypto.unseal(old, "totp:1")).toThrow(/unknown key/)
  })

  test.each(["", "short", Buffer.alloc(31).toString("base64"), "not base64 at all, but long enough to be thirty-two"])(
    "T35 a missing or malformed key closes: %j",
    (value) => {
      vi.stubEnv("MFA_ENCRYPTION_KEY", value)
      expect(() => crypto.seal("secret", "totp:1")).toThrow(/MFA_ENCRYPTION_KEY/)
    },
  )
})

describe("the text of the generated files", () => {
  const files = (dir: string): string[] =>
    readdirSync(join(app, dir), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  const generated = [
    join(app, "src/lib/mfa.ts"),
    ...files("src/lib/mfa"),
    ...files("src/app/api/mfa"),
    ...files("src/app/login/mfa"),
    ...files("src/app/(app)/settings/mfa"),
  ]

  test("no line is wider than an editor, and no placeholder is left", () => {
    for (const file of generated)
      for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
        // Class names are one string, whatever their number.
        if (!line.includes("className=")) expect(line.length, `${file}:${index + 1}`).toBeLessThanOrEqual(120)
        expect(line).not.toMatch(/\{\{|\}\}\}|undefined as|as any|@ts-ignore/)
      }
  })

  test("what the edge may import loads neither the database nor node:crypto", () => {
    const seen = new Set<string>()
    const visit = (file: string) => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, "utf8")
      for (const [, typeOnly, specifier = ""] of text.matchAll(/^import (type )?[^;]*?from "([^"]+)"$/gm)) {
        if (typeOnly) continue
        expect(specifier, file).not.toMatch(/^node:(?!async_hooks)|prisma/)
        if (specifier.startsWith("./")) visit(join(app, "src/lib/mfa", `${specifier.slice(2)}.ts`))
      }
    }
    visit(join(app, "src/lib/mfa/with-mfa.ts"))
    expect([...seen].map((file) => file.split("/").at(-1)).toSorted()).toEqual(["config.ts", "with-mfa.ts"])
  })
})
