import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from '../packages/entries.js';

/** A program in a folder of its own that has our packages, and nothing else, in its `node_modules`. */
export class Consumer {
  /** Declarations of the language: reading them takes most of the time. */
  readonly #language = new Map<string, ts.SourceFile | undefined>();
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-consumer-'));

  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(join(this.folder, 'node_modules/@millrace'), { recursive: true });
    for (const name of ['protocol', 'client']) {
      symlinkSync(join(root, 'libs', name), join(this.folder, 'node_modules/@millrace', name));
    }
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content);
    }
  }

  /** What the compiler says, one line each. */
  typeErrors(files: readonly string[], options: ts.CompilerOptions): string[] {
    const all: ts.CompilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
      ...options,
    };
    const host = ts.createCompilerHost(all);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) => {
      if (!/\/typescript\/lib\/lib\./.test(name)) return read(name, ...rest);
      const known = this.#language.get(name) ?? read(name, ...rest);
      this.#language.set(name, known);
      return known;
    };
    const program = ts.createProgram(
      files.map((file) => join(this.folder, file)),
      all,
      host,
    );
    // Its own files and our declarations: checking those of the language and of others takes ten times as long.
    const ours = program
      .getSourceFiles()
      .filter(({ fileName }) => fileName.startsWith(this.folder) || /\/libs\/[^/]+\/(?:cjs\/)?dist\//.test(fileName));
    return [
      ...program.getOptionsDiagnostics(),
      ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ].map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
