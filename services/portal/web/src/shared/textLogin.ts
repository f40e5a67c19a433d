import { defineText } from "./text";

/** What is said at the door, and above the page of a network that is there to be tried. */
export const loginText = defineText({
  en: {
    name: "Name",
    password: "Password",
    signIn: "Sign in",
    signingIn: "Signing in…",
    wrong: "The name or the password is wrong.",
    noBusiness: "This account has no access to this page.",
    demoTitle: "Demo network",
    demo: "Demo network: its passwords are public.",
    fillIn: (user: string, password: string) => `Fill in ${user} / ${password}`,
  },
  es: {
    name: "Nombre",
    password: "Contraseña",
    signIn: "Entrar",
    signingIn: "Entrando…",
    wrong: "El nombre o la contraseña no son correctos.",
    noBusiness: "Esta cuenta no tiene acceso a esta página.",
    demoTitle: "Red de demostración",
    demo: "Red de demostración: sus contraseñas son públicas.",
    fillIn: (user: string, password: string) => `Rellenar ${user} / ${password}`,
  },
});
