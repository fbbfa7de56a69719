import pg from 'pg';
import type { PgTypes } from './pg-pool.js';

type Parse = (text: string) => unknown;

/** What the columns of Millrace's own statements are, by OID. Nothing in them is left to the driver's settings. */
const OWN: ReadonlyMap<number, readonly [text: Parse, binary: (bytes: Buffer) => unknown]> = new Map([
  [16, [(text: string): unknown => text === 't', (bytes: Buffer): unknown => bytes[0] === 1]],
  [20, [parseInt8, (bytes) => exact(bytes.readBigInt64BE())]],
  [21, [Number, (bytes) => bytes.readInt16BE()]],
  [23, [Number, (bytes) => bytes.readInt32BE()]],
  [26, [Number, (bytes) => bytes.readUInt32BE()]],
  [700, [Number, (bytes) => bytes.readFloatBE()]],
  [701, [Number, (bytes) => bytes.readDoubleBE()]],
  [114, [parseJson, (bytes) => parseJson(bytes.toString())]],
  // The first byte is the version of the format.
  [3802, [parseJson, (bytes) => parseJson(bytes.toString('utf8', 1))]],
  ...[19, 25, 1042, 1043].map(
    (oid) => [oid, [(text: string): unknown => text, (bytes: Buffer): unknown => bytes.toString()]] as const,
  ),
]);

const parserOf = pg.types.getTypeParser as PgTypes['getTypeParser'];

/**
 * Given with each statement, never set on the driver: what an application sets with `pg.types.setTypeParser()`, for
 * booleans, numbers, JSON or text, must not reach the answers of the pass, nor the other way round.
 */
export const sqlTypes: PgTypes = {
  getTypeParser: (oid, format) => {
    const own = OWN.get(oid);
    if (!own) return parserOf(oid, format);
    return format === 'binary' ? (own[1] as unknown as Parse) : own[0];
  },
};

function parseInt8(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}
