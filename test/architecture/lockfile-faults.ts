/** The part of a `package-lock.json` (version 3) that is looked at. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** First versions without a known hole: CVE-2026-33151, CVE-2026-69185, CVE-2026-48779. */
const floors: Readonly<Record<string, string>> = {
  'socket.io-parser': '4.2.7',
  ws: '8.21.3',
  'engine.io': '6.6.12',
};

/** Two copies of socket.io make two `Server` classes; 4.8.3, which Nest pins, leaks pending acknowledgements. */
const single: Readonly<Record<string, string>> = { 'socket.io': '4.8.4' };

export function lockfileFaults({ packages }: Lockfile): string[] {
  const installed = Object.entries(packages).map(([path, { version, resolved }]) => ({
    name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    path,
    version,
    resolved,
  }));
  const copies = (name: string) => installed.filter((one) => one.name === name && one.path.includes('node_modules/'));

  const tooOld = Object.entries(floors).flatMap(([name, floor]) => {
    const found = copies(name);
    if (found.length === 0) return [`${name} is not in the lockfile: is its floor still needed?`];
    return found
      .filter(({ version }) => isOlder(version ?? '0', floor))
      .map(({ path, version }) => `${path} is ${version}, older than ${floor}`);
  });
  const notSingle = Object.entries(single).flatMap(([name, version]) => {
    const found = copies(name).map((one) => one.version);
    return found.length === 1 && found[0] === version
      ? []
      : [`${name} must be ${version} once, not ${found.join(', ')}`];
  });
  // A host in the lockfile ties every clone to one registry.
  const hosts = installed
    .filter(({ resolved }) => resolved !== undefined && /^\w+:\/\//.test(resolved))
    .map(({ path, resolved }) => `${path} names the host it came from: ${resolved}`);
  // A binary package that the registry did not have for some platform: `npm ci` then refuses the lockfile everywhere.
  const incomplete = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => copies(name).length === 0)
      .map((name) => `${path} wants ${name}, which the lockfile lacks`),
  );
  return [...tooOld, ...notSingle, ...hosts, ...incomplete];
}

/** A pre-release of the floor itself counts as the floor: none of these packages publishes any. */
function isOlder(version: string, floor: string): boolean {
  const [one, other] = [version, floor].map((text) => text.split(/[.-]/).map(Number));
  for (const place of [0, 1, 2]) {
    const difference = (one?.[place] ?? 0) - (other?.[place] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
