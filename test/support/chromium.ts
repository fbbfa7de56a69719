import { chromium, type Browser } from 'playwright-core';
import { serviceAddress } from './service-address.js';

/** The installed Chromium, headless. As root it refuses to start with its sandbox. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: serviceAddress('CHROMIUM_PATH'),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}
