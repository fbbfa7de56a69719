/** What is wrong with this version of Node, or undefined. `engines` alone only makes npm warn. */
export function nodeVersionFault(version, range) {
  const [wantedMajor = 0, wantedMinor = 0] = range.replace(/^>=/, '').split('.').map(Number);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return undefined;
  return `Node ${version} is too old: Millrace needs Node ${range}.`;
}
