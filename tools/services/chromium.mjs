import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inPath } from '../process/workspace.mjs';
import { isUbuntu } from './apt.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macApplications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export const chromium = {
  name: 'chromium',
  wanted: 'Chromium or Google Chrome (or set CHROMIUM_PATH)',
  packages: [isUbuntu() ? 'chromium-browser' : 'chromium'],

  find() {
    const given = process.env.CHROMIUM_PATH;
    if (given && !runs(given)) throw new Error(`CHROMIUM_PATH is set, but "${given} --version" fails`);
    const path = given ?? [...names.flatMap(inPath), ...macApplications.filter(existsSync)].find(runs);
    return path && (async () => ({ env: { CHROMIUM_PATH: path }, stop: async () => {} }));
  },
};

/** Ubuntu's chromium-browser may be a stub that only asks for a snap. */
const runs = (path) => spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
