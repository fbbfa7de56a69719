/** A value that JSON would change or drop without a word. @publicApi */
export interface UnfaithfulValue {
  /** Path with dots, such as `crew.0.name`; empty for the value itself. */
  readonly path: string;
  /** What stands there, in words: `NaN`, `an instance of Map`, `a cycle`. */
  readonly what: string;
  /** What an accessor or a `toJSON()` threw. */
  readonly cause?: unknown;
}

/** An object on the way down, and which of its values comes next. */
interface Open {
  readonly node: object;
  readonly keys: readonly string[] | undefined;
  readonly size: number;
  next: number;
}

const MAX_PATH_LENGTH = 200;
/** Libraries that make objects of JSON leave these keys out, and code that merges objects is attacked with them. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor']);
/** Their content is not in their properties, so JSON would show something else, whatever properties they have. */
const hidden = /^(?:Error|(?:Weak)?(?:Map|Set)|Promise|RegExp|Date|(?:Shared)?ArrayBuffer|BigInt|Symbol|Blob|File)$/;
const plain: ReadonlySet<string> = new Set(['Object', 'Array', 'Number', 'String', 'Boolean', 'Arguments']);

/**
 * The first place at which JSON would not say what `value` says: `NaN` and an invalid Date become `null`, a Map becomes
 * `{}`, a function vanishes, a BigInt or a cycle throws. A property that is `undefined` is simply absent, and an object
 * with a `toJSON` is what that returns. Never throws, and walks with a stack of its own, however deep the value is.
 *
 * @publicApi
 */
export function unfaithfulValue(value: unknown): UnfaithfulValue | undefined {
  const open: Open[] = [];
  /** On the way down to where we are, or looked through already. */
  const known = new Map<object, 'open' | 'done'>();
  let fault: string | undefined;
  try {
    fault = enter(value, '', { open, known });
    for (let top = open.at(-1); top && fault === undefined; top = open.at(-1)) {
      if (top.next === top.size) {
        known.set(top.node, 'done');
        open.pop();
        continue;
      }
      const key = top.keys ? (top.keys[top.next] ?? '') : String(top.next);
      top.next++;
      if (forbiddenKeys.has(key)) fault = 'a key that is not allowed';
      else fault = step((top.node as Readonly<Record<string, unknown>>)[key], key, top, { open, known });
    }
  } catch (cause) {
    return { path: pathOf(open), what: 'an accessor or a toJSON() that throws', cause };
  }
  return fault === undefined ? undefined : { path: pathOf(open), what: fault };
}

interface Walk {
  readonly open: Open[];
  readonly known: Map<object, 'open' | 'done'>;
}

function step(value: unknown, key: string, parent: Open, walk: Walk): string | undefined {
  // JSON has no way to leave out an element.
  if (value === undefined) return parent.keys ? undefined : 'undefined';
  return enter(value, key, walk);
}

function enter(given: unknown, key: string, { open, known }: Walk): string | undefined {
  // Before toJSON: a Buffer's is a list of numbers, and Socket.IO makes attachments of the others.
  if (isObject(given) && ArrayBuffer.isView(given)) return 'binary data';
  const value = serialized(given, key);
  if (!isObject(value)) return faultOf(value, given);
  const tag = tagOf(value);
  if (tag === 'Number') return faultOf(Number(value), value);
  if (tag === 'String' || tag === 'Boolean') return undefined;
  const state = known.get(value);
  if (state) return state === 'open' ? 'a cycle' : undefined;
  const isList = Array.isArray(value);
  const keys = isList ? undefined : Object.keys(value);
  if (hidden.test(tag) || (!plain.has(tag) && keys?.length === 0)) return `an instance of ${tag}`;
  known.set(value, 'open');
  open.push({ node: value, keys, size: keys?.length ?? (value as readonly unknown[]).length, next: 0 });
  return undefined;
}

/** As `JSON.stringify` reads it: once, with the key, and a BigInt too where somebody has taught it. */
function serialized(value: unknown, key: string): unknown {
  if (!isObject(value) && typeof value !== 'bigint') return value;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value, key) as unknown) : value;
}

function faultOf(value: unknown, given: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value);
  if (typeof value === 'bigint') return 'a BigInt';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return value === null && isObject(given) && tagOf(given) === 'Date' ? 'an invalid Date' : undefined;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** By its tag, not its class: that of a frame or of a test runner's sandbox is another. */
const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

function pathOf(open: readonly Open[]): string {
  const path = open.map(({ keys, next }) => (keys ? keys[next - 1] : next - 1)).join('.');
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path;
}
