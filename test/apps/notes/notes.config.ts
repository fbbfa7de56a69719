import type { MillraceOptions } from '@millrace/nest';

/** What a test says about its node, as JSON in `NOTES_CONFIG`. */
export interface NotesConfig {
  /** Missing: the node has no database and must say so. */
  readonly databaseUrl?: string;
  readonly redis?: NonNullable<MillraceOptions['redis']>;
  /** 0 = any free one. */
  readonly port: number;
  /** Key of the tokens, made by the test. */
  readonly secret: string;
  readonly leewaySeconds?: number;
  /** Opens the endpoints for operators to who shows it. */
  readonly adminKey?: string;
  readonly options?: Pick<MillraceOptions, 'session' | 'command' | 'channel' | 'stream' | 'hub' | 'health'>;
  /** `leak`: events leave before their transaction commits. `second-handler`: one command has two handlers. */
  readonly fault?: 'leak' | 'second-handler';
}

export const tokenIssuer = 'https://notes.test';
export const tokenAudience = 'notes';

export function readConfig(): NotesConfig {
  return JSON.parse(process.env['NOTES_CONFIG'] ?? '{}') as NotesConfig;
}
