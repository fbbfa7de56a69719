import { expect, it } from 'vitest';
import { BootError } from '../../core/boot-error.js';
import { aborted, unavailable } from '../stream-errors.js';
import { bootErrorOf, isPassing, reasonOf } from './boot-failure.js';

const server = (code: string, message = 'said the server') =>
  Object.assign(new Error(message), { severity: 'FATAL', code });
const node = (code: string, message = `${code} somewhere`) => Object.assign(new Error(message), { code });
const twoAddresses = Object.assign(new AggregateError([node('ECONNREFUSED'), node('ECONNREFUSED')], ''), {
  code: 'ECONNREFUSED',
});

it.each<[string, Error]>([
  ['refuses connections', node('ECONNREFUSED')],
  ['refuses them at two addresses', twoAddresses],
  ['cuts them', node('ECONNRESET')],
  ['cannot be reached', node('EHOSTUNREACH')],
  ['does not answer', node('ETIMEDOUT')],
  ['is too slow for the pool', new Error('timeout exceeded when trying to connect')],
  ['ends the connection', new Error('Connection terminated unexpectedly')],
  ['has no name yet', node('ENOTFOUND')],
  ['has a name server that is away', node('EAI_AGAIN')],
  ['has no socket file yet', node('ENOENT')],
  ['starts', server('57P03', 'the database system is starting up')],
  ['stops', server('57P01')],
  ['crashed', server('57P02')],
  ['has no connection left', server('53300')],
  ['has a full disk', server('53100')],
  ['is the standby of a failover', server('25006')],
  ['does not accept connections to this database', server('55000')],
  ['has somebody who locks the tables', server('55P03')],
  ['stands behind a pooler without a server', server('08P01')],
  ['had a deadlock', server('40P01')],
  ['failed inside', server('XX000')],
])('a start is repeated when the database %s', (_what, error) => {
  for (const one of [error, unavailable(error), aborted(error), new Error('of an ORM', { cause: error })]) {
    expect(isPassing(one)).toBe(true);
  }
});

it.each<[string, Error, string]>([
  ['a wrong password', server('28P01'), 'check user and password'],
  ['a role that may not log in', server('28000'), 'pg_hba.conf'],
  ['a database that does not exist', server('3D000'), 'create this database'],
  ['missing rights', server('42501'), 'grant its role'],
  ['a statement that it does not know', server('42601'), 'check `postgres`'],
  ['a certificate that nobody signed', node('DEPTH_ZERO_SELF_SIGNED_CERT'), 'check `postgres`'],
  ['a certificate of another host', node('ERR_TLS_CERT_ALTNAME_INVALID'), 'check `postgres`'],
  ['a certificate that has expired', node('CERT_HAS_EXPIRED'), 'check `postgres`'],
  ['no TLS', new Error('The server does not support SSL connections'), 'check `postgres`'],
  ['no password', new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'check `postgres`'],
  ['a pool that was ended', new Error('Cannot use a pool after calling end on the pool'), 'check `postgres`'],
  ['an address that is none', node('ERR_INVALID_URL'), 'check `postgres`'],
  ['a fault of the program', new TypeError('x is not a function'), 'check `postgres`'],
])('a start fails at once for %s', (_what, error, advice) => {
  for (const one of [error, unavailable(error), new Error('of an ORM', { cause: error })]) {
    expect(isPassing(one)).toBe(false);
    expect(bootErrorOf(one)).toBeInstanceOf(BootError);
    expect(bootErrorOf(one).message).toContain(error.message);
    expect(bootErrorOf(one).message).toContain(advice);
  }
});

it('a start fails at once for what Millrace itself refuses, in its words', () => {
  const refusal = new BootError('Millrace needs PostgreSQL 15 or newer');
  expect(isPassing(refusal)).toBe(false);
  expect(bootErrorOf(refusal)).toBe(refusal);
});

it('the reason is what the one says who saw it', () => {
  expect(reasonOf(unavailable(node('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')))).toBe(
    'connect ECONNREFUSED 127.0.0.1:1',
  );
  expect(reasonOf(unavailable(twoAddresses))).toBe('ECONNREFUSED somewhere');
  expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(reasonOf('nonsense')).toBe('nonsense');
});
