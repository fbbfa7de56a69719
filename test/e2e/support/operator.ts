import { newSecret } from './tokens.js';

/** For the nodes of one test file, which answer to whoever has it. */
export const adminKey = newSecret();

interface OperatorRequest {
  readonly method?: string;
  readonly key?: string;
  readonly body?: object;
}

/** Asks a node as an operator would. Rejects when it does not answer within three seconds. */
export async function askAsOperator(
  { url }: { readonly url: string },
  path: string,
  { method = 'GET', key = adminKey, body }: OperatorRequest = {},
): Promise<{ status: number; body: unknown }> {
  const headers = { 'x-operator-key': key, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${url}/${path}`, {
    method,
    headers,
    signal: AbortSignal.timeout(3_000),
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}
