import type { HostFiles } from "./files"
import { sourceFiles } from "./sources"

export type Place = { file: string; line: number }
export type Bypasses = {
  /** Code that makes sessions by itself: no second factor is asked for there. */
  makesSessions: Place[]
  /** Code that reads the session's cookie by itself: it takes an older token until that is next read through next-auth. */
  readsTokens: Place[]
}

const makes = /\bsession\s*\.\s*create\s*\(|\bcreateSession\s*\(|\bencode\s*\(\s*\{|\bsignInAs\b|\bimpersonat\w*\s*\(/
const reads = /\bgetToken\s*\(|\bdecode\s*\(\s*\{/
const fromNextAuth = /["'](?:next-auth|@auth\/core)\/jwt["']/

/**
 * Places beside the sign-in that the hook cannot see. Found by text: a hint where to look, and nothing is decided by it.
 * @param known files that are MFA's, or the auth config's own
 */
export function findBypasses(files: HostFiles, known: ReadonlySet<string>): Bypasses {
  const found: Bypasses = { makesSessions: [], readsTokens: [] }
  for (const file of sourceFiles(files)) {
    if (known.has(file) || /\.(test|spec)\.\w+$|(^|\/)(tests?|__tests__|e2e)\//.test(file)) continue
    const text = files.glance(file)
    if (!/session|next-auth|@auth\/core|impersonat|signInAs/i.test(text)) continue
    text.split("\n").forEach((line, index) => {
      const place = { file, line: index + 1 }
      if (makes.test(line) && (fromNextAuth.test(text) || !/\bencode\b/.test(line))) found.makesSessions.push(place)
      if (reads.test(line) && fromNextAuth.test(text)) found.readsTokens.push(place)
    })
  }
  return found
}
