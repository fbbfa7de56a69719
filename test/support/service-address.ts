type Service =
  | 'DATABASE_URL'
  | 'PGBOUNCER_URL'
  | 'PSQL_PATH'
  | 'REDIS_URL'
  | 'CHROMIUM_PATH'
  | 'HAPROXY_PATH'
  | 'PYTHON_PATH'
  | 'FAKETIME_LIB';

/** The address of a service that this test needs. A missing one is an error, never a reason to skip the test. */
export function serviceAddress(name: Service): string {
  const address = process.env[name];
  if (address) return address;
  throw new Error(
    `${name} is not set. Run the test with its services: npm test -- <part>, ` +
      'or node tools/services.mjs -- npx vitest run --project <project>',
  );
}
