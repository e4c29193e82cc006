import { generateSecret, renderedText } from "../apply/store"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import { render } from "../feature/render"
import type { LoadedFeature } from "../feature/types"
import { type Detection, detect } from "../host/detect"
import { plan as decide } from "../plan/plan"
import type { Plan } from "../plan/types"
import type { RunOptions } from "./options"

/** detect, render, plan: everything up to the point where something would be written. */
export async function makePlan(feature: LoadedFeature, options: RunOptions): Promise<Plan> {
  const detection = await detect(options.dir, feature.requires, options)
  const { wrapCall } = await import("../edit/typescript/wrap-call")
  return decide(detection.host, feature, render(feature, detection.host), { ...sourcesOf(detection), wrapCall, generate: generateSecret })
}

function sourcesOf({ files, modules, host }: Detection) {
  return {
    read: (path: string) => files.read(path),
    rendered: (path: string) => renderedText(host.root, path),
    parse(path: string, text: string) {
      const result = modules.locate.parseModule(path, text)
      if (!result.ok)
        throw new CliError("parse_failed", `${path} does not parse: ${result.message}`, { file: path, line: lineAt(text, result.offset) })
      return result.module
    },
  }
}
