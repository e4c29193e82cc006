/** Auth files and schemas as people write them: every choice by chance, all of them legal. */
import { applyInsertions, type Insertion } from "../../src/edit/splice"
import type { Random } from "./random"

export type Layout = { q: string; s: string; i: string; e: string; bom: string; final: string }

export function layoutOf(random: Random): Layout {
  return {
    q: random.of(["'", '"']),
    s: random.of(["", ";"]),
    i: random.of(["  ", "    ", "\t"]),
    e: random.of(["\n", "\r\n"]),
    bom: random.chance(0.1) ? "\uFEFF" : "",
    final: random.chance(0.85) ? "\n" : "",
  }
}

/** From a text in the common layout (`"`, `;`, two spaces, LF) to another one. */
function laidOut(lines: string[], { q, s, i, e, bom, final }: Layout): string {
  const text = lines
    .map((line) => line.replaceAll('"', q).replace(/;(?=\s*(\/\/.*)?$)/, s))
    .map((line) => line.replace(/^( {2})+/, (spaces) => i.repeat(spaces.length / 2)))
    .join("\n")
  return bom + (text + final).replaceAll("\n", e)
}

export type AuthShape = { text: string; path: string; major: 4 | 5; options: string | null }

const noise = [
  "// NextAuth({ old: true })",
  '/* import NextAuth from "next-auth" */',
  'const note = "withMfa(NextAuth)(config)";',
  "const text = `NextAuth($1)`;",
  "export const revalidate = 0;",
  "",
  "/** What others may read. */",
  "const answer = { NextAuth: 42 };",
]

export function authShape(random: Random): AuthShape {
  const major = random.of([4, 5] as const)
  const typescript = random.chance(0.8)
  const path = `src/${random.of(["auth", "lib/auth-options"])}.${typescript ? "ts" : "js"}`
  const local = random.of(["NextAuth", "NextAuth", "Auth"])
  const type = major === 5 ? "NextAuthConfig" : "NextAuthOptions"
  const imports = [
    random.of([`import ${local} from "next-auth";`, `import { default as ${local} } from "next-auth";`]),
    ...(typescript && random.chance(0.7) ? [`import type { ${type} } from "next-auth";`] : []),
    ...(random.chance(0.6) ? ['import GitHub from "next-auth/providers/github"; // one of them'] : []),
    ...(random.chance(0.4) ? ['import { db } from "@/lib/db";'] : []),
    ...(random.chance(0.3) ? ["import {", "  one,", "  two,", '} from "./many";'] : []),
  ]
  const members = [
    ...(random.chance(0.3) ? ["  ...shared,"] : []),
    "  providers: [],",
    ...(random.chance(0.5) ? ['  session: { strategy: "jwt" },'] : []),
    ...(random.chance(0.5) ? ["  callbacks: {", "    async jwt({ token }) {", "      return token;", "    },", "  },"] : []),
    ...(random.chance(0.3) ? ["  // secret: process.env.SECRET,"] : []),
    ...(random.chance(0.3) ? ["  ...config,"] : []),
  ]
  const [open, close] = typescript
    ? random.of([
        ["", ""],
        [`: ${type}`, ""],
        ["", ` satisfies ${type}`],
        ["", ` as ${type}`],
      ] as const)
    : (["", ""] as const)
  const named = major === 4 || random.chance(0.5)
  const name = major === 4 ? random.of(["authOptions", "options"]) : random.of(["config", "authConfig"])
  const exported = random.chance(0.6) ? "export " : ""
  const declaration = [`${exported}const ${name}${open} = {`, ...members, `}${close};`]
  const calls = major === 5 ? callsOfFive(random, local, named ? name : null, members) : callsOfFour(random, local, name)
  const body = named ? [...declaration, ...gap(random), ...calls] : calls
  const some = (lines: string[]) => (random.chance(0.4) ? [random.of(lines)] : [])
  const remarks = noise.filter((line) => !line.includes("const"))
  const lines = [
    ...(random.chance(0.15) ? [random.of(['"use server";', "// The sign-in.", "/* eslint-disable */"])] : []),
    ...imports,
    ...gap(random),
    ...some(noise),
    ...body,
    ...some(remarks),
  ]
  return { text: laidOut(lines, layoutOf(random)), path, major, options: major === 4 ? name : null }
}

const gap = (random: Random): string[] => (random.chance(0.85) ? [""] : [])

function callsOfFive(random: Random, local: string, name: string | null, members: string[]): string[] {
  const argument = name === null ? ["{", ...members, "}"] : [name]
  const last = argument.length - 1
  const call = (before: string, after: string) =>
    argument.map((line, index) => `${index === 0 ? before : ""}${line}${index === last ? after : ""}`)
  return random.of([
    () => call(`export const { handlers, auth, signIn, signOut } = ${local}(`, ");"),
    () => call(`const result = ${local}(`, ");").concat(["", "export const { handlers, auth } = result;"]),
    () =>
      call(`const { auth: uncached, handlers } = ${local}(`, ");").concat(["const auth = cache(uncached);", "export { auth, handlers };"]),
    () => [`export const { handlers } = ${local}(() => (${argument.filter((line) => !line.includes("//")).join(" ")}));`],
    () => [`export const { handlers } = ${local}(async (req) => {`, "  return make(req);", "});"],
    () => call(`export default ${local}(`, ");"),
  ])()
}

function callsOfFour(random: Random, local: string, name: string): string[] {
  return random.of([
    () => [`export default ${local}(${name});`],
    () => [`const handler = ${local}(${name});`, "", "export { handler as GET, handler as POST };"],
    () => ["export default async function auth(req, res) {", `  return await ${local}(req, res, ${name});`, "}"],
    () => [`export const GET = (req, ctx) => ${local}(req, ctx, ${name});`],
  ])()
}

export type SchemaShape = { text: string; user: string; id: string }

export function schemaShape(random: Random): SchemaShape {
  const user = random.of(["User", "User", "Account", "Member"])
  const provider = random.of(["postgresql", "mysql", "sqlite", "sqlserver", "cockroachdb"])
  const id = random.of(["String", "Int", "BigInt"])
  const generated = id === "String" ? "@default(cuid())" : provider === "cockroachdb" && id === "Int" ? "" : "@default(autoincrement())"
  const fields = [
    `  id    ${id} @id ${generated}`.trimEnd() + (random.chance(0.3) ? " // the key }" : ""),
    "  email String? @unique",
    ...(random.chance(0.6) ? ["  name String?"] : []),
    ...(random.chance(0.3) ? ["  createdAt   DateTime   @default(now()) /// when { it began"] : []),
    ...(random.chance(0.3) ? ["", "  // somebody's remark"] : []),
    ...(random.chance(0.4) ? [`  notes${" ".repeat(random.below(9))} Note[]`] : []),
  ]
  const hasNotes = fields.some((field) => field.includes("Note[]"))
  const attributes = [
    ...(random.chance(0.3) ? [`  @@map("${user.toLowerCase()}s")`] : []),
    ...(random.chance(0.2) ? ["  @@index([email])"] : []),
  ]
  const model = [
    ...(random.chance(0.3) ? ["/// The people."] : []),
    `model ${user} {`,
    ...fields,
    ...(attributes.length > 0 ? [...(random.chance(0.8) ? [""] : []), ...attributes] : []),
    ...(random.chance(0.1) ? ["  // the end"] : []),
    "}",
  ]
  const note = hasNotes
    ? ["", "model Note {", "  id Int @id", `  ownerId ${id}`, `  owner ${user} @relation(fields: [ownerId], references: [id])`, "}"]
    : []
  const head = [
    "generator client {",
    '  provider = "prisma-client-js"',
    "}",
    "",
    "datasource db {",
    `  provider = "${provider}"`,
    '  url      = env("DATABASE_URL")',
    "}",
    "",
  ]
  const decoy = random.chance(0.3)
    ? [
        `// model ${user} { id Int @id }`,
        ...(random.chance(0.5) && !provider.startsWith("sql") ? ["enum Kind {", "  A", "  B", "}", ""] : []),
      ]
    : []
  const { i, e, bom, final } = layoutOf(random)
  const lines = random.chance(0.8) ? [...head, ...decoy, ...model, ...note] : [...decoy, ...model, ...note, "", ...head.slice(0, -1)]
  const text = lines.map((line) => line.replace(/^ {2}/, i)).join("\n") + final
  // Prisma's own parser takes no byte order mark.
  return { text: (bom && "") + text.replaceAll("\n", e), user, id }
}

/** Lines of the user's own, put where no line of ours is touched: the same ones in both texts. */
export function editAround(random: Random, before: string, insertions: Insertion[], comment: string): { before: string; after: string } {
  const starts = [0, ...Array.from(before.matchAll(/\n/g), ({ index }) => index + 1)].filter((start) => start < before.length && start > 0)
  const places = [...new Set(Array.from({ length: 1 + random.below(3) }, () => random.of(starts)))].toSorted((a, b) => b - a)
  const eol = before.includes("\r\n") ? "\r\n" : "\n"
  let [edited, withOurs] = [before, applyInsertions(before, insertions)]
  for (const place of places) {
    const blank = () => (random.below(4) === 0 ? eol : "")
    const line = `${blank()}${comment} mine, ${place}${eol}${blank()}`
    const shift = insertions.filter(({ at }) => at < place).reduce((sum, { text }) => sum + text.length, 0)
    edited = edited.slice(0, place) + line + edited.slice(place)
    withOurs = withOurs.slice(0, place + shift) + line + withOurs.slice(place + shift)
  }
  return { before: edited, after: withOurs }
}
