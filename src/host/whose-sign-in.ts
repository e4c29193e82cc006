import type { AuthFacts, PrismaFacts, Warning } from "./types"

/**
 * Whose sign-in it is, MFA finds out before there is a session. Here it says where that depends on code of the app's
 * that is not run to look at it.
 * @param evidence where the providers are: `src/auth.ts:12`
 */
export function whoseSignIn({ signIns }: AuthFacts, { userModel, userId, userEmail }: PrismaFacts, evidence: string): Warning[] {
  const [file = evidence, line] = evidence.split(":")
  const place = { file, ...(line && { line: Number(line) }) }
  const warnings: Warning[] = []
  if (signIns.oauth && !signIns.adapter)
    warnings.push({
      code: "oauth_without_adapter",
      message: `OAuth is used without an adapter. MFA then tells whose sign-in it is by the address at the provider (${userModel}.${userEmail}, compared without case), or by the ${userModel}.${userId.name} that your jwt callback puts into the token as sub, id or userId. Where a user's address there differs from the row's and the token has no such id, MFA does not know them: they are not asked for a code, and their sessions from before the installation do not end when MFA is turned on. Have callbacks.jwt set token.userId to the row's ${userId.name} at every sign-in.`,
      ...place,
    })
  if (signIns.credentials > 1)
    warnings.push({
      code: "several_credentials",
      message: `There are ${signIns.credentials} credentials providers. If one of them takes its users from another table, their ids may be those of other people in ${userModel}: where the id and the address that authorize returns do not belong to one row of ${userModel}, the sign-in is refused for people with MFA. Have every authorize return the ${userId.name} and the ${userEmail} of one ${userModel} row, or an id that no row has.`,
      ...place,
    })
  return warnings
}
