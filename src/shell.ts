import { hasUnseen } from "./visible"

/**
 * A value as one word of a command that is printed, to be pasted into the shell of the platform.
 * @returns null for what would be shown as something else than it is, such as a line break; on Windows also for what not
 * every shell there would take for text
 */
export function quoted(value: string, platform: NodeJS.Platform = process.platform): string | null {
  if (hasUnseen(value)) return null
  if (/^[\w@%+=:,./-]+$/.test(value) && !(platform === "win32" && value.includes("%"))) return value.startsWith("-") ? `./${value}` : value
  if (platform !== "win32") return `'${value.replaceAll("'", "'\\''")}'`
  // Within these, cmd and PowerShell both take everything for text but what is tested for here. There is no quoting that
  // holds in both: in cmd a single quote quotes nothing, and PowerShell takes the quotes of typography for quotes.
  return /["%!$`\u2018-\u201e\p{Cc}]/u.test(value) ? null : `"${value}"`
}

/** The same where a command is only suggested: `word` stands for what has to be typed by hand. */
export const quotedOr = (value: string, word: string): string => quoted(value) ?? word
