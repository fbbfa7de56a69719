/** What both drivers tell about an error that the server reported. Anything else never reached the server, or was cut. */
export interface ServerError extends Error {
  readonly severity: string;
  readonly code: string;
  readonly constraint?: string;
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';
}

/** The SQLSTATE of an error that the server reported. */
export function sqlState(error: unknown): string | undefined {
  return isServerError(error) ? error.code : undefined;
}

const MAX_CAUSES = 8;
/** Where libraries keep the error of the driver: the standard's, TypeORM's, Sequelize's, Objection's, MikroORM's. */
const CAUSES = ['cause', 'driverError', 'original', 'parent', 'nativeError', 'previous'] as const;

/** The error and what it wraps, outermost first: an ORM puts the driver's error into one of its own. */
export function causesOf(error: unknown): Error[] {
  const found = new Set<Error>();
  const visit = (one: unknown): void => {
    if (!(one instanceof Error) || found.has(one) || found.size >= MAX_CAUSES) return;
    found.add(one);
    for (const name of CAUSES) visit((one as Partial<Record<(typeof CAUSES)[number], unknown>>)[name]);
  };
  visit(error);
  return Array.from(found);
}

const DATA_EXCEPTION = '22';
/** What PostgreSQL calls those that a client's text or number runs into; its own message repeats the value. */
const names: Readonly<Record<string, string>> = {
  '22001': 'text too long',
  '22003': 'number out of range',
  '22007': 'invalid date or time',
  '22008': 'date or time out of range',
  '22012': 'division by zero',
  '22021': 'character not in the encoding',
  '22023': 'invalid parameter',
  '22P02': 'invalid text for its type',
  '22P03': 'invalid binary data',
  '22P05': 'character that cannot be translated',
};

/** The SQLSTATE of class 22, when the database did not accept a value of a statement. Sent again, it would not either. */
export function dataException(error: unknown): string | undefined {
  const states = causesOf(error).map(sqlState);
  return states.find((state) => state?.startsWith(DATA_EXCEPTION) === true);
}

/** An SQLSTATE of class 22 in words that tell nothing of the value. */
export const nameOfDataException = (state: string): string => names[state] ?? 'data exception';
