/** One step of the schema. It never changes once released: whoever has it, has it as it was. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** One statement each, without parameters. `schema` is a quoted identifier. */
  statements(schema: string): readonly string[];
}

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,39}$/;

export function isSchemaName(text: string): boolean {
  return SCHEMA_NAME.test(text);
}

/** Schemas that hold what is not Millrace's: the application's by default, and PostgreSQL's own. */
export const isForeignSchema = (name: string): boolean =>
  name === 'public' || name === 'information_schema' || name.startsWith('pg_');

/** The identifier in SQL text; only names that `isSchemaName` accepts reach SQL. */
export function quoted(schema: string): string {
  return `"${schema}"`;
}
