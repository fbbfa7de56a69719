/**
 * Whether what npm recorded in `node_modules/.package-lock.json` is what the lockfile asks for. By content, not by
 * time: a checkout touches the lockfile without changing it, and an install without dev dependencies is newer than
 * the lockfile and still lacks the compiler.
 *
 * @param {{ packages: Record<string, object> }} wanted the lockfile
 * @param {{ packages: Record<string, object> }} [installed]
 */
export function isInstalled(wanted, installed) {
  if (!installed) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    // What is for another platform is in the lockfile only.
    if (!found) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}
