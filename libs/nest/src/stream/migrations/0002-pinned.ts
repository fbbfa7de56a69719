/** What holds the pass, and everything else that writes heads, apart: one lock for a schema. */
export const lockKey = (schema: string): string => `hashtextextended('millrace.pass.${schema}', 0)`;

/** The planner decides once, without statistics and without the compiler. */
export const PINNED = `language plpgsql volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
set search_path = pg_catalog`;
