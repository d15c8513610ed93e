// Runs before the first paint, so that nobody is shown the wrong colours for a moment.
try {
  const theme = localStorage.getItem("geungeo.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  /* storage is forbidden: the system's colours it is */
}
