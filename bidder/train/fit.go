package train

type Options struct{ Dim, MinCount int }

const linkLog = "log"
