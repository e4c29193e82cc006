/** Secrets and codes against other people's implementations: what a user's authenticator app is. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { authenticator } from "otplib"
import { afterAll, describe, expect, test } from "vitest"
import { builtApp } from "../../scripts/apps.mjs"
import { oathCode } from "../support/otp"

const app: string = builtApp("next16-credentials")
const { generateMfaSetup, verifyMfaCode } = await import(join(app, "src/lib/mfa.ts"))
const accounts = ["alice@example.com", "a+b:c%d@exämple.com", "名前@example.com"]
const dir = mkdtempSync(join(tmpdir(), "chimerai-otp-"))
afterAll(() => rmSync(dir, { recursive: true }))

describe.each(accounts)("%s", (account) => {
  test("the URI is one by the Key URI format", async () => {
    const { secret, otpauthUrl } = await generateMfaSetup(account, "My: App")
    const url = new URL(otpauthUrl)
    expect([url.protocol, url.host]).toEqual(["otpauth:", "totp"])
    const label = decodeURIComponent(url.pathname.slice(1))
    const [issuer, name, ...more] = label.split(":")
    expect(more).toEqual([])
    expect(issuer).toBe(url.searchParams.get("issuer"))
    expect(name?.trim()).not.toBe("")
    expect(url.searchParams.get("secret")).toBe(secret)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ algorithm: "SHA1", digits: "6", period: "30" })
  })

  test("oathtool makes codes that are right", async () => {
    const { secret } = await generateMfaSetup(account)
    expect(verifyMfaCode(secret, oathCode(secret))).toBe(true)
  })

  test("otplib makes codes that are right, and the same as oathtool", async () => {
    const { secret } = await generateMfaSetup(account)
    const code = oathCode(secret)
    expect(authenticator.generate(secret)).toBe(code)
    expect(verifyMfaCode(secret, code)).toBe(true)
  })

  test.skipIf(!existsSync("/usr/bin/keepassxc-cli"))("KeePassXC reads the URI and makes codes that are right", async () => {
    const { secret, otpauthUrl } = await generateMfaSetup(account)
    const escaped = otpauthUrl.replaceAll("&", "&amp;")
    const entry = `<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID><String><Key>Title</Key><Value>entry</Value></String><String><Key>otp</Key><Value>${escaped}</Value></String></Entry>`
    const xml = join(dir, "in.xml")
    const database = join(dir, `${Math.random()}.kdbx`)
    writeFileSync(
      xml,
      `<?xml version="1.0" encoding="utf-8"?><KeePassFile><Meta><DatabaseName>x</DatabaseName></Meta><Root><Group><UUID>AAAAAAAAAAAAAAAAAAAAAg==</UUID><Name>Root</Name>${entry}</Group></Root></KeePassFile>`,
    )
    const keepass = (args: string[], input: string) =>
      execFileSync("keepassxc-cli", args, {
        encoding: "utf8",
        input,
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...process.env, QT_QPA_PLATFORM: "offscreen" },
      })
    keepass(["import", "-q", "--decryption-time", "100", xml, database, "-p"], "pass\npass\n")
    const expected = oathCode(secret)
    expect(keepass(["show", "-q", "-t", database, "entry"], "pass\n").trim()).toBe(expected)
    expect(verifyMfaCode(secret, expected)).toBe(true)
  })
})
