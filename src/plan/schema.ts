import { addFields, addModels } from "../edit/prisma/edit"
import { CliError } from "../errors"
import type { Recipe } from "../feature/render"
import type { LoadedFeature } from "../feature/types"
import type { Host } from "../host/types"
import { visible } from "../visible"
import { inTurn, refusal, toEdit } from "./edit"
import { planFiles } from "./files"
import type { Sources } from "./sources"
import type { Action } from "./types"

export function planSchema(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const actions = planSchemaEdits(host, feature, recipe, sources)
  const { generatedFrom, userModel } = host.prisma
  const open = actions.find(({ state }) => state === "planned")
  if (generatedFrom === null || !open) return actions
  const fields = feature.schema.userFields.map(({ name, type, attributes }) => `  ${name} ${type} ${attributes}`.trimEnd()).join("\n")
  throw new CliError("prisma_schema_generated", `${open.path} is generated from ${generatedFrom}; an edit would be lost.`, {
    file: open.path,
    line: 1,
    suggestion: `Nothing was changed. Add these to ${visible(generatedFrom)}, generate the schema, then run this again.\n\nIn model ${userModel}:\n${fields}\n\n${recipe.models}`,
  })
}

function planSchemaEdits(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const { userModel, userModelFile, schema, files } = host.prisma
  const fields = (text: string) => addFields(text, userModel, feature.schema.userFields)
  const text = sources.read(userModelFile) ?? ""
  if (schema === userModelFile) {
    const both = (current: string) => inTurn(current, [fields, (now) => addModels(now, recipe.models)])
    return [toEdit("edit", userModelFile, text, both, "fields and models of MFA", recipe.models)]
  }
  // A schema in several files gets the models in one of their own, beside the user model's.
  const own = `${userModelFile.slice(0, userModelFile.lastIndexOf("/"))}/${feature.name}.prisma`
  for (const other of files.filter((file) => file !== own)) {
    const clash = addModels(sources.read(other) ?? "", recipe.models)
    if (clash.kind === "refuse") throw refusal(other, clash, sources.read(other) ?? "")
  }
  return [toEdit("edit", userModelFile, text, fields, "fields of MFA", ""), ...planFiles([{ path: own, text: recipe.models }], sources)]
}
