-- All cells in which anything ever counted: a few thousand.
SELECT DISTINCT toString(steps.cell) AS cell
FROM steps
