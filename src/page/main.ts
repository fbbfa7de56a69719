import type { Airport } from '../contracts/airport.contract.js';
import { DeparturesPage } from './departures-page.js';
import { airportNames } from './model/airport-choice.js';
import { cleanName, keepName, viewerName } from './session/sign-in.js';
import { element } from './view/element.js';

const storage = (): Storage => localStorage;

async function readAirports(): Promise<readonly Airport[]> {
  const response = await fetch('/airports');
  if (!response.ok) throw new Error(`The airports could not be read: HTTP status ${response.status}`);
  return (await response.json()) as readonly Airport[];
}

/** Another name is another principal, which begins with a page of its own. */
function showName(name: string): void {
  const input = element('name', HTMLInputElement);
  input.value = name;
  element('me', HTMLElement).textContent = name;
  const form = element('sign-in', HTMLFormElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = cleanName(input.value);
    if (chosen === name) form.hidePopover();
    else if (chosen !== '' && keepName(storage, chosen)) location.reload();
  });
}

try {
  const me = viewerName(storage, Math.random);
  showName(me);
  new DeparturesPage(airportNames(await readAirports()), me).start();
} catch (error) {
  element('empty', HTMLElement).textContent = `${String(error)}. Reload the page to try again.`;
}
