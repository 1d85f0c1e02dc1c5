// Follow the system's light or dark theme until the person chooses one.
if (!localStorage.getItem("vite-ui-theme")) {
  localStorage.setItem("vite-ui-theme", "system");
}
