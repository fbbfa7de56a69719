import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageCategory,
  type IConfigFile,
} from '@microsoft/api-extractor';
import type { Entry } from './entries.js';

/** What an entry exports and how, as text: a change of the surface shows in the diff. */
export function apiReport({ folder, types }: Entry): string {
  const reportFolder = mkdtempSync(join(tmpdir(), 'millrace-api-'));
  try {
    const config = ExtractorConfig.prepare({
      configObject: configuration(folder, types, reportFolder),
      configObjectFullPath: join(folder, 'api-extractor.json'),
      packageJsonFullPath: join(folder, 'package.json'),
    });
    const failures: string[] = [];
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        if (message.category === ExtractorMessageCategory.Compiler || message.logLevel === ExtractorLogLevel.Error)
          failures.push(message.text);
        message.handled = true;
      },
    });
    if (failures.length > 0) throw new Error(failures.join('\n'));
    return readFileSync(join(reportFolder, 'report.api.md'), 'utf8');
  } finally {
    rmSync(reportFolder, { recursive: true });
  }
}

function configuration(folder: string, types: string, reportFolder: string): IConfigFile {
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'dom'],
    types: ['node'],
    skipLibCheck: true,
    experimentalDecorators: true,
  };
  // Tagged `@publicApi`, the word of this project, instead of a release.
  const quiet = { logLevel: ExtractorLogLevel.None, addToApiReportFile: false };
  return {
    projectFolder: folder,
    mainEntryPointFilePath: types,
    compiler: { overrideTsconfig: { compilerOptions } },
    apiReport: {
      enabled: true,
      reportFolder,
      reportTempFolder: join(reportFolder, 'temporary'),
      reportFileName: 'report.api.md',
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      extractorMessageReporting: {
        default: quiet,
        'ae-forgotten-export': { logLevel: ExtractorLogLevel.None, addToApiReportFile: true },
      },
      tsdocMessageReporting: { default: quiet },
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
    },
  };
}
