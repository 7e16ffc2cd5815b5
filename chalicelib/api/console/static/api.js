/** @returns {Promise<any>} the settings of the sign-in */
export async function settings() {
  return (await fetch(new URL("settings.json", import.meta.url))).json();
}
