// Light, dark, or as the system is. A plain script in the head, so that no page flashes in the wrong theme.
// Others read `document.documentElement.dataset.theme` and listen for "waypost:theme" on the document.
(() => {
  const KEY = "waypost.theme";
  const CHOICES = ["system", "light", "dark"];
  const root = document.documentElement;

  function stored() {
    try {
      const choice = localStorage.getItem(KEY);
      return CHOICES.includes(choice) ? choice : "system";
    } catch {
      return "system"; // storage is switched off
    }
  }

  function apply(choice) {
    root.dataset.theme = choice;
    document.dispatchEvent(new CustomEvent("waypost:theme", { detail: choice }));
  }

  globalThis.waypostTheme = {
    now: () => root.dataset.theme,
    next() {
      const choice = CHOICES[(CHOICES.indexOf(root.dataset.theme) + 1) % CHOICES.length];
      try {
        localStorage.setItem(KEY, choice);
      } catch {
        // It holds for this page then.
      }
      apply(choice);
    },
  };

  apply(stored());
  // What is drawn on a canvas does not change by itself.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(stored()));
})();
