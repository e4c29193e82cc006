import { isAddressField } from "./prisma"
import type { AuthFacts, PrismaFacts, Warning } from "./types"

/**
 * Whose sign-in it is, MFA finds out before there is a session. Here it says where that depends on code of the app's
 * that is not run to look at it.
 * @param evidence where the providers are: `src/auth.ts:12`
 */
export function whoseSignIn(
  { signIns, unknownProviders, isMadeInFunction, ownEncoding, session }: AuthFacts,
  { userModel, userId, userEmail }: PrismaFacts,
  evidence: string,
): Warning[] {
  const place = placeOf(evidence)
  const warnings: Warning[] = []
  if (ownEncoding !== null && session !== "database")
    warnings.push({
      code: "own_jwt_encoding",
      message:
        "jwt.encode of the options is the app's own. Session tokens carry six claims of MFA: mfaUid, mfaMail, mfaEpoch, mfaAt, mfaSid and mfaProved. Where encode chooses claims, or decode drops some, have both keep these: without them nobody can turn MFA on, and whoever has it is signed out by the next read.",
      ...placeOf(ownEncoding),
    })
  if (isMadeInFunction)
    warnings.push({
      code: "sign_in_made_in_function",
      message:
        "NextAuth is called in a function. That is fine where the function is called once. Where it makes a NextAuth for each tenant or brand, MFA cannot tell them apart: no held sign-in is completed then, and nobody can turn MFA on. Pass one NextAuth a function that gives the config of each request: NextAuth((request) => ({ ... })).",
      ...place,
    })
  if (!isAddressField(userEmail))
    warnings.push({
      code: "users_without_address",
      message: `${userModel} has no address, so MFA knows its users by their ${userId.name} alone: authorize has to return it, and with OAuth without an adapter callbacks.jwt has to set token.userId to it. Whom neither names cannot turn MFA on. Where a column is the address, name it: --user-email <field>.`,
      ...place,
    })
  if (signIns.oauth && !signIns.adapter)
    warnings.push({
      code: "oauth_without_adapter",
      message: `OAuth is used without an adapter. MFA then tells whose sign-in it is by the address at the provider (${userModel}.${userEmail}, compared without case), or by the ${userModel}.${userId.name} that your jwt callback puts into the token as sub, id or userId. Where a user's address there differs from the row's and the token has no such id, MFA does not know them: they are not asked for a code, and their sessions from before the installation do not end when MFA is turned on. Have callbacks.jwt set token.userId to the row's ${userId.name} at every sign-in.`,
      ...place,
    })
  if (unknownProviders !== null)
    warnings.push({
      code: "providers_unknown",
      message: `Some providers cannot be read here, as code makes them that is not run to look at it. See to it yourself: ${
        signIns.adapter
          ? ""
          : `OAuth without an adapter is known by its address alone, unless callbacks.jwt sets token.userId to the row's ${userId.name}; `
      }with several credentials providers, or one that looks people up in several tables, authorize has to return the ${userId.name}${
        userId.type === "String" ? "" : ` and the ${userEmail}`
      } of a ${userModel} row; and those who sign in have to be rows of ${userModel} (--user-model names another model).`,
      ...placeOf(unknownProviders),
    })
  const [first, ...more] = signIns.tables
  if (signIns.credentials === 1 && first !== undefined && more.length > 0)
    warnings.push({
      code: "several_credentials",
      message: `The credentials provider looks people up in several tables: ${signIns.tables.join(", ")}. MFA takes whom authorize returns for the ${userModel} with that ${userId.name}, or else with that ${userEmail}; somebody of another table who has the same one as a user is taken for that user, and could turn MFA on for them, or is asked for their code. Give each table a credentials provider of its own: with several, MFA believes ${userId.type === "String" ? `the ${userId.name} alone` : `the ${userId.name} and the ${userEmail} together`}.`,
      ...place,
    })
  if (signIns.credentials > 1) {
    // Numbers of two tables are alike; other ids are not.
    const isNumber = userId.type !== "String"
    const named = isNumber
      ? `the ${userId.name} and the ${userEmail} that authorize returns are those of one ${userModel} row`
      : `the ${userId.name} that authorize returns is a ${userModel} row's, and so is the ${userEmail}, where it returns one`
    warnings.push({
      code: "several_credentials",
      message: `There are ${signIns.credentials} credentials providers. If one of them takes its users from another table, or asks for no password, what they have typed may be somebody's in ${userModel}. So MFA takes a sign-in with credentials for a user's only where ${named}. With anything else nobody can turn MFA on, and the sign-in is refused where part of it is a user's who has MFA. Have the authorize of your users return ${isNumber ? "both" : `the ${userId.name}`}.`,
      ...place,
    })
  }
  return warnings
}

/** @param evidence `src/auth.ts:12` */
function placeOf(evidence: string): { file: string; line?: number } {
  const [file = evidence, line] = evidence.split(":")
  return { file, ...(line && { line: Number(line) }) }
}
