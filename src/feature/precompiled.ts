import type { TemplateSpecification } from "./compile"

/** Templates that were compiled beforehand, by the SHA-256 of their text. The build puts them here. */
export const precompiled: Record<string, TemplateSpecification> = {}
