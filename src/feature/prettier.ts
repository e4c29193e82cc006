/** Prettier, as far as it is needed: a megabyte, which is loaded only for apps with a formatter. */

import type { Plugin } from "prettier"
import * as babel from "prettier/plugins/babel"
import * as estree from "prettier/plugins/estree"
import * as postcss from "prettier/plugins/postcss"
import { format } from "prettier/standalone"
import type { FormatOptions } from "../host/types"

export type Code = { path: string; text: string; parser: string; options: FormatOptions }

export const formatCode = ({ path, text, parser, options }: Code): Promise<string> =>
  format(text, { ...options, filepath: path, parser, plugins: [babel, estree as unknown as Plugin, postcss] })
