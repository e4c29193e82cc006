import { describe, expect, test } from "vitest"
import { appendEnv } from "../../../src/edit/env"
import { addDependencies } from "../../../src/edit/package-json"
import { applyEdit as apply } from "../../support/edit"

describe("package.json", () => {
  const wanted = [
    { name: "otpauth", range: "^9.0.0", dev: false },
    { name: "@types/qrcode", range: "^1.5.5", dev: true },
  ]
  const add = (text: string) => apply(text, (current) => addDependencies(current, wanted))

  test("in order, in the file's indentation", () => {
    expect(
      add(
        '{\n    "name": "x",\n    "dependencies": {\n        "next": "16",\n        "react": "19"\n    },\n    "devDependencies": {\n        "typescript": "5"\n    }\n}\n',
      ),
    ).toBe(
      '{\n    "name": "x",\n    "dependencies": {\n        "next": "16",\n        "otpauth": "^9.0.0",\n        "react": "19"\n    },\n    "devDependencies": {\n        "@types/qrcode": "^1.5.5",\n        "typescript": "5"\n    }\n}\n',
    )
  })

  test("at the end, with tabs and CRLF", () => {
    expect(add('{\r\n\t"dependencies": {\r\n\t\t"next": "16"\r\n\t},\r\n\t"devDependencies": {\r\n\t\t"@types/a": "1"\r\n\t}\r\n}')).toBe(
      '{\r\n\t"dependencies": {\r\n\t\t"next": "16",\r\n\t\t"otpauth": "^9.0.0"\r\n\t},\r\n\t"devDependencies": {\r\n\t\t"@types/a": "1",\r\n\t\t"@types/qrcode": "^1.5.5"\r\n\t}\r\n}',
    )
  })

  test("where there is no such field yet", () => {
    expect(JSON.parse(add('{\n  "dependencies": {\n    "next": "16"\n  }\n}\n')).devDependencies).toEqual({ "@types/qrcode": "^1.5.5" })
  })

  test("a range that is there is kept, in either field", () => {
    const after = add('{\n  "devDependencies": {\n    "otpauth": "9.1.0"\n  }\n}\n')
    expect(JSON.parse(after)).toEqual({ devDependencies: { "@types/qrcode": "^1.5.5", otpauth: "9.1.0" } })
  })

  test("broken JSON is refused", () => {
    expect(addDependencies("{", wanted)).toMatchObject({ kind: "refuse", code: "parse_failed" })
  })
})

describe("env files", () => {
  const entry = { name: "KEY", value: "v$&", comment: "why" }
  test.each([
    ["", "# why\nKEY=v$&\n"],
    ["A=1\n", "A=1\n\n# why\nKEY=v$&\n"],
    ["A=1", "A=1\n\n# why\nKEY=v$&\n"],
    ["A=1\r\n", "A=1\r\n\r\n# why\r\nKEY=v$&\r\n"],
    ["#KEY=old\nOTHER_KEY=1\n", "#KEY=old\nOTHER_KEY=1\n\n# why\nKEY=v$&\n"],
  ])("%j", (before, after) => {
    expect(apply(before, (text) => appendEnv(text, [entry]))).toBe(after)
  })

  test.each([
    ['NOTE="\nKEY=text\n"\n', "in quotes of another one"],
    ["NOTE='\nKEY=text\n' # of two lines\n", "in quotes, with a remark behind"],
    ['NOTE=\n"\nKEY=text"\n', "in quotes that begin later"],
  ])("a key that is text of another value is not there: %j", (before) => {
    expect(apply(before, (text) => appendEnv(text, [entry]))).toBe(`${before}\n# why\nKEY=v$&\n`)
  })

  test.each([
    "KEY=mine\n",
    "export KEY = mine\n",
    "KEY=\n",
    'A="\nKEY=mine\n',
    'A="b" c "\nKEY=mine\n"\n',
    "KEY: mine\n",
    'A="\\"\nKEY=1"\nKEY=2\n',
  ])("an existing key is never changed: %j", (text) => {
    expect(appendEnv(text, [entry])).toEqual({ kind: "present" })
  })
})

test.each(["dependencies", "devDependencies"])("package.json with %s twice is refused: one of them counts for nothing", (field) => {
  const text = `{\n  "${field}": { "a": "1" },\n  "${field}": { "m": "1" }\n}\n`
  const result = addDependencies(text, [{ name: "m", range: "1", dev: false }])
  expect(result).toMatchObject({ kind: "refuse", code: "edit_unsafe", message: expect.stringContaining(`"${field}" twice`) })
})
