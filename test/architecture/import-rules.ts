import { importsOf, type Import } from './import.js';
import type { SourceTree } from './source-tree.js';

/** The stages of `libs/nest/src`, lowest first: a stage imports from those before it, never from those after it. */
const stages = [
  'core',
  'telemetry',
  'redis',
  'stream',
  'broker',
  'hub',
  'presence',
  'limits',
  'socket',
  'session',
  'command',
  'channel',
  'health',
  'admin',
];

/** Says what is wrong with an import, or nothing. */
type Rule = (one: Import, tree: SourceTree) => string | undefined;

/** Every import that breaks a rule, as a line to print. */
export function importFaults(tree: SourceTree): string[] {
  return importsOf(tree).flatMap((one) =>
    rules.flatMap((rule) => {
      const fault = rule(one, tree);
      return fault === undefined ? [] : [`${one.from} imports ${one.specifier}: ${fault}`];
    }),
  );
}

const rules: readonly Rule[] = [
  function staysInItsPackage({ from, target }) {
    if (target === undefined || target.startsWith(`${homeOf(from)}/`)) return undefined;
    if (isSpec(from) && target.startsWith('test/support/')) return undefined;
    return 'another package is imported by its name';
  },

  function packagesOnlyByTheirDoors({ from, specifier, packageName }) {
    if (!packageName?.startsWith('@millrace/') || specifier === packageName) return undefined;
    if (specifier !== `${packageName}/testing`) return 'only a package and its /testing are public';
    return isSpec(from) || isTesting(from) ? undefined : '/testing is for tests';
  },

  function protocolStandsAlone({ from, packageName }) {
    if (!from.startsWith('libs/protocol/') || packageName === undefined || isSpec(from)) return undefined;
    return 'the protocol has no dependencies';
  },

  function clientRunsInBrowsers({ from, packageName }) {
    if (!from.startsWith('libs/client/') || packageName === undefined || isSpec(from)) return undefined;
    if (['@millrace/protocol', 'socket.io-client'].includes(packageName)) return undefined;
    return 'the client has only the protocol and socket.io-client';
  },

  function packagesAreDeclared({ from, packageName }, tree) {
    const home = homeOf(from);
    if (packageName === undefined || packageName === 'node:' || home === 'src') return undefined;
    const own = readPackage(tree, `${home.replace(/\/src$/, '')}/package.json`);
    if (packageName in { ...own.dependencies, ...own.peerDependencies }) return undefined;
    if (isSpec(from) && packageName in { ...readPackage(tree, 'package.json').devDependencies }) return undefined;
    return `not among the dependencies of ${home.replace(/\/src$/, '')}`;
  },

  function stagesPointOneWay({ from, target }) {
    const [own, other] = [stageOf(from), target === undefined ? undefined : stageOf(target)];
    if (own === undefined || other === undefined || isSpec(from) || own === other) return undefined;
    if (own === 'root' || own === 'testing') return undefined;
    for (const stage of [own, other]) if (rank(stage) < 0) return `stage "${stage}" has no place in the order`;
    return rank(other) < rank(own) ? undefined : `${own} stands before ${other}`;
  },

  function portsHideTheirImplementations({ from, target }) {
    const [, stage, implementation] = /^libs\/nest\/src\/(broker|presence)\/(\w+)\//.exec(target ?? '') ?? [];
    if (stage === undefined || implementation === undefined || isSpec(from)) return undefined;
    if (['root', 'testing', stage].includes(stageOf(from) ?? '')) return undefined;
    return `${stage} is used through its port; only the module chooses ${implementation}`;
  },
];

/** What `testing` exports may use every stage; nothing but the module files and specs may use it. */
const rank = (stage: string): number =>
  stage === 'root' || stage === 'testing' ? stages.length : stages.indexOf(stage);

/** The folder that a file's relative imports may not leave. */
const homeOf = (path: string): string => /^libs\/[^/]+\/src|^src/.exec(path)?.[0] ?? '';

/** `root` for the files directly in `libs/nest/src`. */
function stageOf(path: string): string | undefined {
  const inside = /^libs\/nest\/src\/(.+)$/.exec(path)?.[1]?.split('/');
  return inside && (inside.length > 1 ? inside[0] : 'root');
}

/** A stage's contract suites, in its folder `testing`, are specs that several specs share. */
const isSpec = (path: string): boolean =>
  /\.spec(-d)?\.ts$/.test(path) || /^libs\/nest\/src\/\w+\/testing\//.test(path);

const isTesting = (path: string): boolean => /^libs\/[^/]+\/src\/testing\//.test(path);

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const readPackage = (tree: SourceTree, path: string): PackageFile => JSON.parse(tree.get(path) ?? '{}') as PackageFile;
