/** What every writing connection is told. None of it is kept in the file. */
export const CONNECTION_PRAGMAS: readonly string[] = [
  // FULL: with NORMAL a power loss can take back a commit that was acknowledged.
  "pragma synchronous = full",
  // A revoked value is overwritten in the page that it leaves, and nothing spills into temporary files.
  "pragma secure_delete = fast",
  "pragma temp_store = memory",
  "pragma trusted_schema = off",
  // In KiB. A sweep touches pages all over the indexes; what does not fit is written twice.
  "pragma cache_size = -16000",
];
