"""What operators and coordinators look at beside the board. Reads nothing but what is published, and the metrics."""
