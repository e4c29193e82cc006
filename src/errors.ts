/** Exit codes of the command line (CONTRACT.md, section 1). */
export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  answerNeeded: 4,
  manualStepsLeft: 5,
  interrupted: 130,
} as const

/** Every error a user can meet. Codes are permanent: scripts match on them. */
export const errorCodes = {
  // usage
  unknown_feature: exit.usage,
  unknown_option: exit.usage,
  invalid_option: exit.usage,
  not_a_directory: exit.usage,
  // the host
  package_json_missing: exit.refused,
  package_json_invalid: exit.refused,
  config_invalid: exit.refused,
  nested_too_deeply: exit.refused,
  name_unsafe: exit.refused,
  not_nextjs: exit.refused,
  app_ambiguous: exit.answerNeeded,
  next_version_unsupported: exit.refused,
  app_router_missing: exit.refused,
  base_path_unsupported: exit.refused,
  page_extensions_unsupported: exit.refused,
  root_layout_missing: exit.refused,
  auth_library_missing: exit.refused,
  auth_version_unsupported: exit.refused,
  auth_handler_missing: exit.refused,
  edge_runtime_unsupported: exit.refused,
  auth_config_not_found: exit.refused,
  auth_options_unsupported: exit.refused,
  auth_in_other_package: exit.refused,
  auth_config_ambiguous: exit.answerNeeded,
  prisma_missing: exit.refused,
  prisma_version_unsupported: exit.refused,
  prisma_schema_missing: exit.refused,
  prisma_schema_unknown: exit.answerNeeded,
  prisma_schema_invalid: exit.refused,
  prisma_schema_generated: exit.refused,
  prisma_client_not_found: exit.answerNeeded,
  // No version gives it any more; its meaning stays.
  database_unsupported: exit.refused,
  user_model_missing: exit.refused,
  user_model_ambiguous: exit.answerNeeded,
  user_id_unsupported: exit.refused,
  user_email_missing: exit.refused,
  session_token_too_narrow: exit.refused,
  parse_failed: exit.refused,
  encoding_unsupported: exit.refused,
  // the plan
  file_exists: exit.refused,
  route_taken: exit.refused,
  name_taken: exit.refused,
  dependency_range_conflict: exit.refused,
  schema_name_taken: exit.refused,
  edit_unsafe: exit.refused,
  secret_known: exit.refused,
  // the disk
  not_writable: exit.refused,
  outside_root: exit.refused,
  path_forbidden: exit.refused,
  link_unsafe: exit.refused,
  special_file: exit.refused,
  file_too_large: exit.refused,
  workspace_too_large: exit.refused,
  journal_foreign: exit.refused,
  journal_exposed: exit.refused,
  file_changed: exit.failed,
  interrupted_run: exit.refused,
  run_under_way: exit.refused,
  dirty_files: exit.refused,
  git_failed: exit.refused,
  apply_failed: exit.failed,
  verification_failed: exit.failed,
  folder_vanished: exit.failed,
  disk_full: exit.failed,
  rollback_failed: exit.failed,
  io_error: exit.failed,
  manifest_invalid: exit.refused,
  manifest_newer: exit.refused,
  manifest_older: exit.refused,
  package_manager_missing: exit.refused,
  // remove
  not_installed: exit.refused,
  user_edited: exit.refused,
  still_used: exit.refused,
  // ourselves
  feature_invalid: exit.failed,
  cancelled: exit.interrupted,
  internal: exit.failed,
} as const

export type ErrorCode = keyof typeof errorCodes

export type ErrorDetails = {
  /** Relative to the directory given, with `/`. */
  file?: string
  line?: number
  /** The next command to type, or the change to make. */
  suggestion?: string
  /** What a person may be asked instead: the flag that answers, and what it can say. */
  choice?: { flag: string; values: string[] }
}

/** The one error that reaches the user: what was found, where, and what to do about it. */
export class CliError extends Error {
  override name = "CliError"
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message)
  }

  get exitCode(): number {
    return errorCodes[this.code]
  }
}
